/**
 * Counter-examples that laws or mutated inputs once found, kept as the values they were: what a failure of a law prints behind
 * `Smallest counter-example`, or the token behind `Replay` where the value is too large. Values outlive changes of the generators.
 */

/** One counter-example. */
export interface Regression {
  readonly was: string
  /** The name of the law that judges it. */
  readonly law: string
  readonly value?: unknown
  readonly replay?: string
}

/** A request body as the law of any body takes it. */
const body = (json: unknown) => ({ json, wounds: [], request: { model: "m", turns: [] } })

/** The list. */
export const regressions: ReadonlyArray<Regression> = [
  {
    was: "a tool of the provider's own type lost the value of its key `function`",
    law: "any request body is a request or a typed refusal, openai-chat",
    value: body({ model: "", messages: [], tools: [{ type: "", function: "" }] })
  },
  {
    was: "calls with a stray name beside their function lost their list",
    law: "any request body is a request or a typed refusal, openai-chat",
    value: body({
      model: "m",
      messages: [{ role: "assistant", tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "{}" }, name: "f" }] }]
    })
  },
  {
    was: "an error reply whose details say nothing had no words",
    law: "any error reply is a failure with a class, openai-responses",
    value: { status: 413, headers: {}, body: "{\"detail\":[{\"msg\":\"\"}]}" }
  }
]
