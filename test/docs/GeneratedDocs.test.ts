/**
 * Pages made from the code say what the code says: a stale one fails and tells how to renew it.
 */
import { describe, expect, it } from "vitest"
import { generatedDocs } from "../../scripts/GeneratedDocs.ts"
import { exists, read } from "../Repository.ts"

describe("generated pages", () => {
  for (const [path, text] of generatedDocs()) {
    it(`${path} is current`, () => {
      expect(exists(path) ? read(path) : undefined, "renew it: npm run docs").toBe(text)
    })
  }
})
