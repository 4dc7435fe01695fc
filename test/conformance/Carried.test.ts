import { assert } from "@effect/vitest"
import { Result } from "effect"
import { describe, it } from "vitest"
import * as Codec from "../../packages/testing/src/laws/Codec.ts"
import * as Crossing from "../../packages/testing/src/laws/Crossing.ts"
import { subjects } from "../laws/Subjects.ts"
import { carriedBetween } from "./Carried.ts"
import * as Crossings from "./Crossings.ts"

for (const from of subjects) {
  for (const to of subjects.filter((other) => Crossings.isDeclared(from.dialect.id, other.dialect.id))) {
    describe(`${from.dialect.id} → ${to.dialect.id} carries without a loss`, () => {
      for (const { what, requests } of carriedBetween(from.dialect.id, to.dialect.id)) {
        it(what, () => {
          for (const request of requests) {
            const sent = Codec.receive(from.dialect, request, from.dialect.request.encode(request))
            if (Result.isFailure(sent)) return assert.fail(sent.failure.message)
            assert.isUndefined(Crossing.request(to.dialect, sent.success, { allows: () => false }, "this crossing"))
            assert.isUndefined(Crossing.request(to.dialect, request, { allows: () => false }, "this crossing"))
          }
          return undefined
        })
      }
    })
  }
}
