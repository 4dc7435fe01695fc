/**
 * Providers of all four protocols behind one address, as the gateways of the tests have them: `openai/X` and its like lead to the
 * provider of that protocol, with `X` as the model.
 */
import { AnthropicMessages } from "@sluice/anthropic"
import * as HttpExecutor from "@sluice/gateway/HttpExecutor"
import type { ModelEntry } from "@sluice/gateway/ModelEntry"
import { ProviderId } from "@sluice/gateway/ProviderId"
import type { Limits } from "@sluice/gateway/Timeouts"
import { GeminiGenerate } from "@sluice/gemini"
import { OpenAiChat, OpenAiResponses } from "@sluice/openai"
import { Layer, Redacted } from "effect"

/** The dialects as upstream protocols, with the prefix that leads to each. */
export const upstreams = ["openai", "responses", "anthropic", "gemini"] as const

/** The dialects clients may speak: all. */
export const dialects = [OpenAiChat.dialect, OpenAiResponses.dialect, AnthropicMessages.dialect, GeminiGenerate.dialect]

/** The route of each prefix. */
export const prefixes: ReadonlyArray<ModelEntry> = upstreams.map((id) => ({ id: `${id}/*`, targets: [{ provider: ProviderId.make(id), model: "*" }] }))

/** Their executors; `url` has no slash at its end. */
export const executors = (url: string, options: { readonly retries?: number; readonly limits?: Partial<Limits> }) => {
  const shared = {
    credentials: Redacted.make("upstream-key"),
    retries: options.retries ?? 0,
    ...(options.limits === undefined ? {} : { limits: options.limits })
  }
  return Layer.mergeAll(
    HttpExecutor.layer({ id: "openai", dialect: OpenAiChat.dialect, baseUrl: `${url}/v1`, ...shared }),
    HttpExecutor.layer({ id: "responses", dialect: OpenAiResponses.dialect, baseUrl: `${url}/v1`, ...shared }),
    HttpExecutor.layer({ id: "anthropic", dialect: AnthropicMessages.dialect, baseUrl: url, ...shared }),
    HttpExecutor.layer({ id: "gemini", dialect: GeminiGenerate.dialect, baseUrl: url, ...shared })
  )
}
