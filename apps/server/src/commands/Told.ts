/**
 * What the path of a call says beside its body, for commands that are given the body alone: some protocols name the model there, and
 * ask for a stream there. Libraries that repeat the model in the body need not be told it again.
 */
import type { Dialect, Endpoint } from "@sluice/protocol/Dialect"
import * as Json from "@sluice/protocol/Json"
import { present } from "@sluice/protocol/Json"
import { Option, Result, Schema } from "effect"
import { Flag } from "effect/cli"

/** What the path says. */
export interface Told {
  readonly model?: string
  readonly stream?: boolean
}

/** `--model NAME`. */
export const modelFlag = Flag.String("model").pipe(
  Flag.withDescription("The model the request asks for, where its protocol says that in the path (gemini-generate)"),
  Flag.optional
)

/** Something was told that the body says itself. */
export class ToldTwice extends Schema.TaggedError<ToldTwice>()("ToldTwice", { dialect: Schema.String, flag: Schema.String, key: Schema.String }) {
  override get message(): string {
    return `requests of ${this.dialect} say "${this.key}" in their body; leave out --${this.flag}`
  }
}

/** The endpoint at which a dialect takes requests for answers. */
export const generating = (dialect: Dialect, stream = false): Endpoint | undefined => {
  const endpoints = dialect.endpoints.filter(({ operation }) => operation === "generate")
  return endpoints.find((endpoint) => endpoint.stream.in === "path" && endpoint.stream.is === stream) ?? endpoints[0]
}

const twice = (dialect: Dialect, flag: string, key: string) => Result.fail(new ToldTwice({ dialect: dialect.id, flag, key }))

/** Checks what the flags tell against what the protocol tells in the path. */
export const told = (
  dialect: Dialect,
  endpoint: Endpoint,
  flags: { readonly model: Option.Option<string>; readonly stream: boolean }
): Result.Result<Told, ToldTwice> => {
  const model = Option.getOrUndefined(flags.model)
  if (model !== undefined && endpoint.model.in === "body") return twice(dialect, "model", endpoint.model.key)
  if (flags.stream && endpoint.stream.in === "body") return twice(dialect, "stream", endpoint.stream.key)
  return Result.succeed({ ...present({ model }), ...(endpoint.stream.in === "path" ? { stream: flags.stream } : {}) })
}

/** What was told, and the model that the body repeats where the path was not told. */
export const completed = (dialect: Dialect, endpoint: Endpoint, text: string, known: Told): Told => {
  if (endpoint.model.in === "body" || known.model !== undefined) return known
  const request = Result.flatMap(Json.parse(text), (body) => dialect.request.decode({ body, headers: {}, path: {} }))
  const model = Result.getOrUndefined(request)?.model
  return model === undefined || model === "" ? known : { ...known, model }
}

/** What to do about a request without a model, where the path would have named it. */
export const advice = (endpoint: Endpoint): string => endpoint.model.in === "path" ? " Its protocol says it in the path: say it with --model." : ""
