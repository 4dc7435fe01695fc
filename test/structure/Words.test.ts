/**
 * The project speaks of itself only: nothing tracked names a machine's folders, a registry or work that is still to be done.
 */
import { describe, expect, it } from "vitest"
import { files, read } from "../Repository.ts"

const isText = (path: string): boolean => !/\.(?:png|svg|ico|gz|wasm)$/.test(path) && path !== "pnpm-lock.yaml" && path !== "test/structure/Words.test.ts"

/** Words that belong to a machine, or promise something. */
const banned: ReadonlyArray<readonly [what: string, pattern: RegExp]> = [
  ["a machine's folder", /(?<![\w.])\/(?:tmp|work|home|root|Users)\//],
  ["a package registry", /registry\.(?:npmjs|yarnpkg)|npmmirror|artifactory|verdaccio/i],
  ["a note to oneself", /\b(?:TODO|FIXME|XXX|HACK)\b/],
  ["a ticket", /\b(?:issue|ticket|PR) #?\d+\b/i],
  ["a promise", /\bfor the time being\b|\bin a later (?:version|release|step)\b|\bnot (?:yet )?implemented\b/i]
]

describe("what is tracked", () => {
  for (const [what, pattern] of banned) {
    it(`names no ${what.replace(/^a /, "")}`, () => {
      const found = files().filter(isText).flatMap((path) =>
        read(path).split("\n").flatMap((line, index) => pattern.test(line) ? [`${path}:${index + 1}: ${line.trim().slice(0, 120)}`] : [])
      )
      expect(found).toEqual([])
    })
  }
})
