/**
 * The canonical dialect keeps the laws of crossings with every other one, both ways: what a program in the process asks and is answered
 * is what a client over HTTP would. Laws about unknown keys are not its own, since nothing unknown reaches it.
 */
import { describe, expect, it } from "@effect/vitest"
import * as CanonicalDialect from "@sluice/protocol/CanonicalDialect"
import * as Laws from "@sluice/testing/Laws"
import { Effect } from "effect"
import { dialects } from "../end-to-end/FourProviders.ts"

const { dialect } = CanonicalDialect

/** Identity of unknown keys and edits of wire values (1), and totality of request bodies (6), speak of what clients send over HTTP. */
const own = Laws.of(dialect).filter(({ law, name }) => !law.startsWith("1") && !name.startsWith("any request body"))

const crossings = dialects.flatMap((other) => [...Laws.ofCrossing(dialect, other), ...Laws.ofCrossing(other, dialect)])

describe("the canonical dialect", () => {
  for (const law of [...own, ...crossings]) {
    it.effect(`law ${law.law}: ${law.name}`, () => Effect.map(law.check({ runs: 12 }), ({ failure }) => expect(failure).toBeUndefined()))
  }
})
