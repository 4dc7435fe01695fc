/** Which rule an operator has made holds for a failure. */
import { assert, describe, it } from "@effect/vitest"
import type { Failure } from "@sluice/protocol/GatewayError"
import * as ErrorRules from "../src/ErrorRules.ts"

const failure: Failure = { class: "bad-request", message: "Quota for the DAY is used up", status: 400, code: "E42", type: "invalid" }
const holds = (rule: Partial<ErrorRules.ErrorRule>, given: Partial<Failure> = {}): boolean =>
  ErrorRules.compile([{ scope: "credential", action: "next", ...rule }])?.({ ...failure, ...given }) !== undefined

describe("a rule", () => {
  it("holds where everything it says fits: status, code or type, a part of the message in any case, a pattern", () => {
    assert.isTrue(holds({}))
    assert.isTrue(holds({ status: 400, code: "E42", message: "quota for" }))
    assert.isTrue(holds({ code: "invalid" }))
    assert.isTrue(holds({ message: "/quota.*day/i" }))
    assert.isFalse(holds({ message: "/quota.*day/" }))
    assert.isFalse(holds({ status: 429 }))
    assert.isFalse(holds({ code: "E43" }))
    assert.isFalse(holds({ status: 400, message: "something else" }))
  })

  it("matches the same text each time, whatever flags its pattern has", () => {
    const rules = ErrorRules.compile([{ message: "/quota/gi", scope: "model", action: "stop" }])
    for (let time = 0; time < 3; time++) assert.strictEqual(rules?.(failure)?.action, "stop")
  })

  it("takes what only looks like a pattern as text", () => {
    assert.isTrue(holds({ message: "/v1/models" }, { message: "POST /v1/models is gone" }))
    assert.deepStrictEqual(ErrorRules.pattern("/v1/models"), undefined)
    assert.property(ErrorRules.pattern("/(/"), "problem")
  })

  it("counts before those after it", () => {
    const rules = ErrorRules.compile([
      { status: 400, message: "day", scope: "credential", action: "cooldown", forMs: 5 },
      { status: 400, scope: "request", action: "stop" }
    ])
    assert.deepInclude(rules?.(failure), { scope: "credential", action: "cooldown", forMs: 5 })
    assert.deepInclude(rules?.({ ...failure, message: "no" }), { scope: "request", action: "stop" })
    assert.isUndefined(rules?.({ ...failure, status: 500 }))
  })

  it("costs nothing where there is none", () => {
    assert.isUndefined(ErrorRules.compile([]))
  })
})
