/**
 * Reads a client's body: within the limit, decoded when it is gzip or zstd (the decoded size is what counts), as text. Every
 * refusal is an error of the client's protocol, not an empty reply. Room is asked for what the head of the request did not state.
 */
import { joined } from "@sluice/protocol/Chunks"
import { fail, type GatewayError } from "@sluice/protocol/GatewayError"
import * as ByteSize from "effect/ByteSize"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import type { HttpServerError } from "effect/http/HttpServerError"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as Stream from "effect/Stream"
import { promisify } from "node:util"
import { gunzip, zstdDecompress } from "node:zlib"

const tooLarge = (limit: number): GatewayError => fail({ class: "too-large", message: `The request body is larger than ${limit} bytes.` })

const unreadable = (error: HttpServerError, limit: number): GatewayError =>
  error.reason._tag === "RequestParseError" && error.reason.reason === "BodyTooLarge"
    ? tooLarge(limit)
    : fail({ class: "bad-request", message: "The request body could not be read to its end." })

const decoders = { gzip: promisify(gunzip), zstd: promisify(zstdDecompress) }

/** Asks for room for so many bytes more, or gives room back where they are fewer than none; the error says that there is none. */
export type AskRoom = (bytes: number) => GatewayError | undefined

const isOverflow = (cause: unknown): boolean => cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE"

/** Decodes to at most `most` bytes; `undefined` where that is too little. */
const decodeWithin = (packed: Uint8Array, encoding: "gzip" | "zstd", most: number): Effect.Effect<Uint8Array | undefined, GatewayError> =>
  Effect.tryPromise({
    try: () => decoders[encoding](packed, { maxOutputLength: most }),
    catch: (cause) => isOverflow(cause) ? undefined : fail({ class: "bad-request", message: `The request body says it is ${encoding}, but it is not.` })
  }).pipe(Effect.catch((error) => error ?? Effect.undefined))

/** What bodies usually unpack to, at most; only one that is more asks for room up to the limit. */
const usualRatio = 16

const decompress = Effect.fnUntraced(function*(packed: Uint8Array, encoding: "gzip" | "zstd", limit: number, askRoom: AskRoom) {
  const usual = Math.min(limit, Math.max(65_536, packed.length * usualRatio))
  let held = 0
  for (const most of new Set([usual, limit])) {
    const refused = askRoom(most - held)
    if (refused !== undefined) return yield* refused
    held = most
    const bytes = yield* decodeWithin(packed, encoding, most)
    if (bytes === undefined) continue
    askRoom(bytes.length - held - packed.length)
    return bytes
  }
  return yield* tooLarge(limit)
})

/** Reads a body whose size nobody has stated. */
const gather = (request: HttpServerRequest, limit: number, askRoom: AskRoom): Effect.Effect<Uint8Array, GatewayError> =>
  Effect.suspend(() => {
    const chunks: Array<Uint8Array> = []
    let size = 0
    return request.stream.pipe(
      Stream.runForEachArray((batch) => {
        const more = batch.reduce((sum, { length }) => sum + length, 0)
        size += more
        if (size > limit) return tooLarge(limit)
        chunks.push(...batch)
        return askRoom(more) ?? Effect.void
      }),
      Effect.mapError((error) => error._tag === "GatewayError" ? error : unreadable(error, limit)),
      Effect.map(() => joined(chunks))
    )
  })

const decoder = new TextDecoder("utf-8", { fatal: true })

const toText = (bytes: Uint8Array): Effect.Effect<string, GatewayError> =>
  Effect.try({ try: () => decoder.decode(bytes), catch: () => fail({ class: "bad-request", message: "The request body is not valid UTF-8." }) })

const bytesOf = (request: HttpServerRequest, limit: number, askRoom: AskRoom): Effect.Effect<Uint8Array, GatewayError> =>
  request.headers["content-length"] === undefined ? gather(request, limit, askRoom) : request.arrayBuffer.pipe(
    Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(limit)),
    Effect.mapError((error) => unreadable(error, limit)),
    Effect.map((buffer) => new Uint8Array(buffer))
  )

/** The body's bytes, as they were before they were compressed; `limit` in bytes. */
const read = (request: HttpServerRequest, limit: number, askRoom: AskRoom): Effect.Effect<Uint8Array, GatewayError> =>
  Effect.suspend(() => {
    const encoding = (request.headers["content-encoding"] ?? "identity").trim().toLowerCase()
    if (encoding !== "identity" && encoding !== "" && encoding !== "gzip" && encoding !== "zstd") {
      return fail({ class: "unsupported-media", message: `The content encoding "${encoding}" is not accepted; send the body as it is, or as gzip or zstd.` })
    }
    const type = request.headers["content-type"]
    if (type !== undefined && !/json/i.test(type)) {
      return fail({ class: "unsupported-media", message: `The content type "${type}" is not accepted; send application/json.` })
    }
    if (Number(request.headers["content-length"] ?? 0) > limit) return tooLarge(limit)
    const bytes = bytesOf(request, limit, askRoom)
    return encoding === "gzip" || encoding === "zstd" ? Effect.flatMap(bytes, (packed) => decompress(packed, encoding, limit, askRoom)) : bytes
  })

/** The body of a request that is handed on, of whatever type, as it was sent; `limit` in bytes. Compressed it is not taken: the provider may undo it to more than the limit. */
export const raw = (request: HttpServerRequest, limit: number) => (askRoom: AskRoom): Effect.Effect<Uint8Array, GatewayError> =>
  Effect.suspend(() => {
    const encoding = (request.headers["content-encoding"] ?? "identity").trim().toLowerCase()
    if (encoding !== "identity" && encoding !== "") {
      return fail({ class: "unsupported-media", message: `The content encoding "${encoding}" is not handed on; send the body as it is.` })
    }
    return Number(request.headers["content-length"] ?? 0) > limit ? tooLarge(limit) : bytesOf(request, limit, askRoom)
  })

/** A body that is read once, by whoever asks first. */
export interface Body {
  /** For who looks at it before there is a place for the request. */
  readonly bytes: Effect.Effect<Uint8Array, GatewayError>
  readonly text: (askRoom: AskRoom) => Effect.Effect<string, GatewayError>
}

const granted: AskRoom = () => undefined

/** The body of a request; `limit` in bytes. */
export const of = (request: HttpServerRequest, limit: number): Body => {
  let done: Exit.Exit<Uint8Array, GatewayError> | undefined
  const reading = (askRoom: AskRoom): Effect.Effect<Uint8Array, GatewayError> =>
    Effect.onExit(read(request, limit, askRoom), (exit) =>
      Effect.sync(() => {
        done = exit
      }))
  return {
    bytes: Effect.suspend(() => done ?? reading(granted)),
    text: (askRoom) =>
      Effect.suspend(() => {
        if (done === undefined) return Effect.flatMap(reading(askRoom), toText)
        // Whoever read it first was given no room for what the head did not state
        const unstated = Exit.isSuccess(done) ? done.value.length - Number(request.headers["content-length"] ?? 0) : 0
        return unstated > 0 ? askRoom(unstated) ?? Effect.flatMap(done, toText) : Effect.flatMap(done, toText)
      })
  }
}
