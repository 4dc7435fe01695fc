/** Clients of the four protocols on bare HTTP: what each sends to ask the same thing, for tests of what reaches the provider. */
import { Effect } from "effect"
import * as Rig from "./Rig.ts"

/** The protocols clients speak, by the prefix of their own provider. */
export type Client = (typeof Rig.upstreams)[number]

/** What a client sends, and where. */
export interface Sent {
  readonly path: string
  readonly body: object
}

/** A question in a client's protocol; `rest` is merged into the body. */
export const question = (client: Client, model: string, rest: object = {}, text = "Hello"): Sent => {
  switch (client) {
    case "openai":
      return { path: "/v1/chat/completions", body: { model, messages: [{ role: "user", content: text }], ...rest } }
    case "responses":
      return { path: "/v1/responses", body: { model, input: text, ...rest } }
    case "anthropic":
      return { path: "/v1/messages", body: { model, max_tokens: 64_000, messages: [{ role: "user", content: text }], ...rest } }
    case "gemini":
      return { path: `/v1beta/models/${model}:generateContent`, body: { contents: [{ role: "user", parts: [{ text }] }], ...rest } }
  }
}

/** A reply as it came. */
export interface Reply {
  readonly status: number
  readonly losses: string
  readonly text: string
}

/** Sends a request to the gateway, with the key `sk-test` unless told another. */
export const send = ({ body, path }: Sent, key = "sk-test"): Effect.Effect<Reply, never, Rig.Rig> =>
  Effect.flatMap(Rig.Rig, ({ url }) =>
    Effect.promise(async () => {
      const response = await fetch(`${url}${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify(body)
      })
      return { status: response.status, losses: response.headers.get("x-sluice-losses") ?? "", text: await response.text() }
    }))

/** The body that last reached a provider. */
export const received: Effect.Effect<unknown, never, Rig.Rig> = Effect.flatMap(Rig.Rig, ({ simulator }) => Effect.map(simulator.log, (log) => log.at(-1)?.body))
