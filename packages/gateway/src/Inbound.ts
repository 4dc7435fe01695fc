/**
 * From a client's bytes to a canonical request: everything that can be wrong with a body is found here, before anything is
 * opened, planned or sent, and told with the path of the fault.
 */
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { Dialect, Endpoint, RequestInput } from "@sluice/protocol/Dialect"
import { fail, type Failure, type GatewayError } from "@sluice/protocol/GatewayError"
import * as Json from "@sluice/protocol/Json"
import type { Asked } from "@sluice/protocol/Question"
import { isObject, type JsonObject } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"
import * as JsonSpans from "./JsonSpans.ts"

/** A request as it came in and as it was understood. */
export interface Inbound<Q extends Asked = CanonicalRequest> {
  readonly text: string
  readonly body: JsonObject
  readonly spans: JsonSpans.Spans
  readonly model: string
  /** Where the protocol tells the model. A body may repeat what the path says, in words of its own. */
  readonly modelIn: "body" | "path"
  readonly stream: boolean
  /** Which of the protocol's endpoints for this was called, where there are several. */
  readonly variant: string | undefined
  /** Headers of the protocol that the client sent. */
  readonly headers: { readonly [name: string]: string }
  /** The request in canonical words. Decoded when it is first asked for: what is passed on as it is never pays for it. */
  readonly request: () => Result.Result<Q, GatewayError>
}

const bad = (message: string, param?: string): GatewayError => fail({ class: "bad-request", message, ...(param === undefined ? {} : { param }) })

/** The model a parsed body or path names, as far as it can be told before the dialect has looked at it. */
const named = (endpoint: Endpoint, body: JsonObject, path: { readonly model?: string }): string | undefined => {
  if (endpoint.model.in === "path") return path.model
  const value = body[endpoint.model.key]
  return typeof value === "string" && value !== "" ? value : undefined
}

const isStreamed = (endpoint: Endpoint, body: JsonObject, path: { readonly stream?: boolean }): boolean =>
  endpoint.stream.in === "path" ? path.stream === true : body[endpoint.stream.key] === true

const once = <A>(make: () => A): () => A => {
  let made: { readonly value: A } | undefined
  return () => (made ??= { value: make() }).value
}

/** Reads an object out of text: JSON, an object, not too deep, no key twice. */
const object = (text: string, maxDepth: number): Result.Result<{ readonly body: JsonObject; readonly spans: JsonSpans.Spans }, GatewayError> => {
  const parsed = Json.parse(text)
  if (Result.isFailure(parsed)) return Result.fail(bad(`The request body is not valid JSON: ${parsed.failure.message}.`))
  const body = parsed.success
  if (!isObject(body)) return Result.fail(bad("The request body must be a JSON object.", ""))
  if (Json.isDeeperThan(body, maxDepth)) return Result.fail(bad(`The request body nests deeper than ${maxDepth} levels.`))
  const spans = JsonSpans.scan(text)
  if (spans.duplicate !== undefined) return Result.fail(bad(`The request body says "${spans.duplicate}" twice; it must be said once.`, `/${spans.duplicate}`))
  return Result.succeed({ body, spans })
}

/** How a protocol reads what is asked of it. */
export interface Reader<Q extends Asked> {
  readonly decode: (input: RequestInput) => Result.Result<Q, Failure>
  readonly check: (input: RequestInput) => Failure | undefined
}

/** A body and what is known of it before it is read. */
export interface Received {
  readonly dialect: Dialect
  readonly endpoint: Endpoint
  readonly text: string
  readonly headers: { readonly [name: string]: string | undefined }
  readonly path: { readonly model?: string; readonly stream?: boolean }
  readonly maxDepth: number
  /** Told the model as soon as it is known, so that a refusal further on can still name it. */
  readonly onModel: (model: string) => void
}

/** Understands a request to generate. */
export const read = (input: Received): Result.Result<Inbound, GatewayError> => readAs(input.dialect.request, input)

/** Understands what is asked, in the words of one reader. */
export const readAs = <Q extends Asked>(reader: Reader<Q>, input: Received): Result.Result<Inbound<Q>, GatewayError> => {
  const parsed = object(input.text, input.maxDepth)
  if (Result.isFailure(parsed)) return Result.fail(parsed.failure)
  const { body, spans } = parsed.success
  const model = named(input.endpoint, body, input.path)
  if (model !== undefined) input.onModel(model)
  const headers: { [name: string]: string } = {}
  for (const name of input.dialect.headers.forwarded) {
    const value = input.headers[name]
    if (value !== undefined) headers[name] = value
  }
  const given = { body, headers, path: input.path }
  const wrong = reader.check(given)
  if (wrong !== undefined) return Result.fail(fail(wrong))
  if (model === undefined) {
    return Result.fail(bad("The request names no model.", input.endpoint.model.in === "body" ? `/${input.endpoint.model.key}` : undefined))
  }
  return Result.succeed({
    text: input.text,
    body,
    spans,
    model,
    stream: isStreamed(input.endpoint, body, input.path),
    modelIn: input.endpoint.model.in,
    variant: input.endpoint.variant,
    headers,
    request: once(() => Result.mapError(reader.decode(given), fail))
  })
}

/** The request in canonical words, for those who come after it was checked; an empty one where it could not be decoded all the same. */
export const decoded = (inbound: Inbound): CanonicalRequest =>
  Result.getOrElse(inbound.request(), (): CanonicalRequest => ({ model: inbound.model, turns: [] }))
