/** What this gateway is made of beside its protocol: who is let in, who answers and with which voice, what is changed and what is counted. */
import { Authenticator, ByteSource, Extension, HttpExecutor, Interceptor } from "@sluice/gateway"
import * as Credential from "@sluice/gateway/Credential"
import { ProviderId } from "@sluice/gateway/ProviderId"
import * as Scheduler from "@sluice/gateway/Scheduler"
import { defaults } from "@sluice/gateway/Timeouts"
import type { CanonicalEvent } from "@sluice/protocol"
import { Effect, Option, Redacted } from "effect"
import * as Ask from "./Ask.ts"

/** Badges are names with a check letter: `ada-3` has three letters. Other secrets are for the next scheme. */
export const badges = Authenticator.scheme({
  id: "badges",
  authenticate: ({ secret = "" }) => {
    const [name = "", length] = secret.split("-")
    return Effect.succeed(
      name !== "" && length === String(name.length) ? Option.some({ id: name, attributes: { voice: name.length > 3 ? "low" : "high" } }) : Option.none()
    )
  }
})

/** Answers without a network: says again what it was asked, with one of its voices. */
export const parrot = HttpExecutor.install({
  id: ProviderId.make("parrot"),
  dialect: Ask.dialect,
  limits: defaults,
  retries: 0,
  credentials: () => voices,
  open: ({ body, credential }) => {
    const { ask }: { readonly ask: string } = JSON.parse(String(body))
    const answer = new TextEncoder().encode(JSON.stringify({ answer: `You said (${credential?.id}): ${ask}` }))
    return Effect.succeed({ status: 200, headers: { "content-type": "application/json" }, body: ByteSource.fromChunks([answer]) })
  }
})

const voices = ["low", "high"].map((id) => Credential.key({ id, provider: "parrot", key: Redacted.make("none needed"), attributes: { voice: id } }))

/** Who has a voice is answered with it; for others the gateway's own way of choosing decides. */
export const byVoice = Scheduler.layer(Scheduler.compose({
  id: "by-voice",
  filter: ({ attributes }, { exchange }) => attributes["voice"] === exchange.principal.attributes?.["voice"]
}))

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
