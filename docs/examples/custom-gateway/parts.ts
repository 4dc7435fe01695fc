/** What this gateway is made of beside its protocol: who is let in, who answers, who is asked, what is changed and what is counted. */
import { Authenticator, ByteSource, Extension, HttpExecutor, Interceptor } from "@sluice/gateway"
import { ProviderId } from "@sluice/gateway/ProviderId"
import { defaults } from "@sluice/gateway/Timeouts"
import type { CanonicalEvent } from "@sluice/protocol"
import { Effect, Option } from "effect"
import * as Ask from "./Ask.ts"

/** Badges are names with a check letter: `ada-3` has three letters. Other secrets are for the next scheme. */
export const badges = Authenticator.scheme({
  id: "badges",
  authenticate: ({ secret = "" }) => {
    const [name = "", length] = secret.split("-")
    return Effect.succeed(name !== "" && length === String(name.length) ? Option.some({ id: name, attributes: { desk: name } }) : Option.none())
  }
})

/** Answers without a network: says again what it was asked. */
export const parrot = HttpExecutor.install({
  id: ProviderId.make("parrot"),
  dialect: Ask.dialect,
  limits: defaults,
  retries: 0,
  open: ({ body }) => {
    const { ask }: { readonly ask: string } = JSON.parse(String(body))
    const answer = new TextEncoder().encode(JSON.stringify({ answer: `You said: ${ask}` }))
    return Effect.succeed({ status: 200, headers: { "content-type": "application/json" }, body: ByteSource.fromChunks([answer]) })
  }
})

/** Rewrites the events of every answer, whatever protocol its client speaks. */
const polite = (event: CanonicalEvent.CanonicalEvent): CanonicalEvent.CanonicalEvent =>
  event.type === "text-delta" ? { ...event, text: event.text.replaceAll("darn", "d**n") } : event

export const politeness = Interceptor.layer({
  id: "politeness",
  events: () => ({ step: (frame) => [{ ...frame, events: frame.events.map(polite) }] })
})

/** Meters every exchange when it has ended, however it did. */
export const meter = Extension.layer({
  id: "meter",
  finish: ({ bytesOut, principal, usage }) => Effect.logInfo(`meter: ${principal} ${usage.tokens.output ?? 0} tokens, ${bytesOut} bytes`)
})
