/** The once-only cell that holds how an exchange ended. */
import * as Exchange from "@sluice/gateway/Exchange"
import * as ExchangeId from "@sluice/gateway/ExchangeId"
import { OpenAiChat } from "@sluice/openai"
import { assert, describe, it } from "vitest"

const exchange = (): Exchange.Exchange =>
  Exchange.begin({
    id: ExchangeId.generate(1, () => 0),
    startedAt: 1,
    begunAt: 1,
    principal: { id: "k" },
    inbound: OpenAiChat.dialect,
    operation: "generate",
    framing: "sse"
  })

describe("the ending of an exchange", () => {
  it("is the first that anybody set: a client that left, though a limit runs out in the same moment", () => {
    const left = exchange()
    Exchange.endOnce(left, { _tag: "ClientGone" })
    Exchange.endOnce(left, { _tag: "Failed", failure: { class: "timeout-total", message: "too long" } })
    Exchange.endOnce(left, { _tag: "Delivered" })
    assert.deepStrictEqual(left.ending, { _tag: "ClientGone" })
    assert.deepStrictEqual(Exchange.settlement(left, 5).outcome, { _tag: "Cancelled", by: "client" })
  })

  it("is the first that anybody set: a limit, though the client leaves in the same moment", () => {
    const late = exchange()
    Exchange.endOnce(late, { _tag: "Failed", failure: { class: "timeout-total", message: "too long" } })
    Exchange.endOnce(late, { _tag: "ClientGone" })
    assert.deepInclude(Exchange.settlement(late, 5).outcome, { _tag: "UpstreamFailed", class: "timeout-total" })
  })
})
