/**
 * What becomes of a request or an answer of one protocol in another, with the codecs the gateway itself uses and nothing sent. Pure.
 * Streams are pieces: see StreamTranslation.ts.
 */
import { defaultSettings } from "@sluice/gateway/Gateway"
import * as Inbound from "@sluice/gateway/Inbound"
import * as OfferedTools from "@sluice/gateway/OfferedTools"
import type { Frame } from "@sluice/protocol/CanonicalEvent"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { AnswerContext, Dialect } from "@sluice/protocol/Dialect"
import { clientMessage, type Failure, statusOf } from "@sluice/protocol/GatewayError"
import * as Json from "@sluice/protocol/Json"
import type { Loss } from "@sluice/protocol/Loss"
import * as LossSink from "@sluice/protocol/Loss"
import * as ToolNames from "@sluice/protocol/ToolNames"
import type { ToolName } from "@sluice/protocol/ToolNames"
import { isObject, type JsonObject } from "@sluice/protocol/Wire"
import { Result } from "effect"
import { advice, completed, generating, type Told } from "../Told.ts"

/** A translated body and what it cost. */
export interface Translation {
  readonly body: JsonObject
  readonly losses: ReadonlyArray<Loss>
}

/** Why there is none: what is wrong with what was given, and where. */
export interface Untranslatable {
  readonly message: string
  readonly param?: string
}

/** The request an answer belongs to, as far as its translation depends on it. */
export interface Asked {
  readonly request: CanonicalRequest
  /** Tools whose calls look different to the provider, by its name of them. */
  readonly tools: ReadonlyMap<string, ToolName>
}

/** Where nobody says what was asked: a client that wants to know what there is to know. */
export const anything: Asked = { request: { model: "", turns: [], streamOptions: { includeUsage: true } }, tools: new Map() }

/** Understands a request of a dialect. */
export const understand = (from: Dialect, text: string, told: Told): Result.Result<CanonicalRequest, Untranslatable> => {
  const endpoint = generating(from, told.stream)
  if (endpoint === undefined) return Result.fail({ message: `${from.id} has no endpoint for requests.` })
  const path = completed(from, endpoint, text, told)
  let named = false
  const input = { dialect: from, endpoint, text, headers: {}, path, maxDepth: defaultSettings.maxDepth, onModel: () => void (named = true) }
  return Inbound.read(input).pipe(
    Result.flatMap((inbound) => inbound.request()),
    Result.mapError(({ failure }) => named || isWrong(from, text) ? failure : { ...failure, message: failure.message + advice(endpoint) })
  )
}

/** A request of one dialect in the words of another. */
export const ofRequest = (from: Dialect, to: Dialect, text: string, told: Told): Result.Result<Translation, Untranslatable> =>
  Result.map(understand(from, text, told), (request) => to.request.encode(request))

/** What the answer to a client's request has to fit: the client speaks `client`, and `provider` was asked. */
export const askedBy = (client: Dialect, provider: Dialect, text: string, told: Told): Result.Result<Asked, Untranslatable> =>
  Result.map(understand(client, text, told), (request) => ({
    request,
    tools: ToolNames.changed(client.id === provider.id ? [] : request.tools ?? [], provider.request.encode(request).renamed)
  }))

/** What encoders of answers are told; ids that are missing are made from `id`. */
export const contextOf = ({ request }: Asked, created: number, sink: LossSink.LossSink): AnswerContext => ({ request, id: "translated", created, sink })

/** The failure that an answer's events hold, if one does. */
export const failureIn = ({ events }: Frame): Failure | undefined => events.find((event) => event.type === "error")?.failure

/** Whether a failure is a fault of what was given, and not an error that its provider told in good order. */
export const isBroken = (failure: Failure): boolean => failure.class === "protocol-violation" || failure.class === "cut" || failure.class === "empty"

/** A whole answer of one dialect in the words of another; `created` in seconds since the epoch. */
export const ofAnswer = (from: Dialect, to: Dialect, text: string, asked: Asked, created: number): Result.Result<Translation, Untranslatable> => {
  const parsed = Json.parse(text)
  if (Result.isFailure(parsed)) return Result.fail({ message: `The answer is not valid JSON: ${parsed.failure.message}.` })
  const decoded = from.response.decode(parsed.success)
  const frame = OfferedTools.giveBack(asked.tools)(decoded) ?? decoded
  const failure = failureIn(frame)
  const sink = LossSink.sink()
  if (failure === undefined) return Result.succeed({ body: to.response.encode([frame], contextOf(asked, created, sink)), losses: sink.losses })
  if (isBroken(failure)) return Result.fail({ message: `It is no answer of ${from.id}: ${failure.message}` })
  // Within a dialect an error is what it was
  if (from.id === to.id && isObject(parsed.success)) return Result.succeed({ body: parsed.success, losses: [] })
  const facts = { status: statusOf(failure), requestId: "translated", message: clientMessage(failure) }
  return Result.succeed({ body: to.errors.encode(failure, facts), losses: [] })
}

const isWrong = (from: Dialect, text: string): boolean =>
  Result.match(Json.parse(text), { onFailure: () => true, onSuccess: (body) => from.request.check({ body, headers: {}, path: {} }) !== undefined })
