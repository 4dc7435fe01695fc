/**
 * Reads a client's body: within the limit, decoded when it is gzip or zstd (the decoded size is what counts), as text. Every
 * refusal is an error of the client's protocol, not an empty reply.
 */
import { fail, type GatewayError } from "@sluice/protocol/GatewayError"
import * as ByteSize from "effect/ByteSize"
import * as Effect from "effect/Effect"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import type { HttpServerError } from "effect/http/HttpServerError"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import { promisify } from "node:util"
import { gunzip, zstdDecompress } from "node:zlib"

const tooLarge = (limit: number): GatewayError => fail({ class: "too-large", message: `The request body is larger than ${limit} bytes.` })

const unreadable = (error: HttpServerError, limit: number): GatewayError =>
  error.reason._tag === "RequestParseError" && error.reason.reason === "BodyTooLarge"
    ? tooLarge(limit)
    : fail({ class: "bad-request", message: "The request body could not be read to its end." })

const decoders = { gzip: promisify(gunzip), zstd: promisify(zstdDecompress) }

const isOverflow = (cause: unknown): boolean => cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE"

const decompress = (bytes: Uint8Array, encoding: "gzip" | "zstd", limit: number): Effect.Effect<Uint8Array, GatewayError> =>
  Effect.tryPromise({
    try: () => decoders[encoding](bytes, { maxOutputLength: limit }),
    catch: (cause) => isOverflow(cause) ? tooLarge(limit) : fail({ class: "bad-request", message: `The request body says it is ${encoding}, but it is not.` })
  })

const decoder = new TextDecoder("utf-8", { fatal: true })

const toText = (bytes: Uint8Array): Effect.Effect<string, GatewayError> =>
  Effect.try({ try: () => decoder.decode(bytes), catch: () => fail({ class: "bad-request", message: "The request body is not valid UTF-8." }) })

/** The text of a request's body; `limit` in bytes. */
export const read = (request: HttpServerRequest, limit: number): Effect.Effect<string, GatewayError> =>
  Effect.suspend(() => {
    const encoding = (request.headers["content-encoding"] ?? "identity").trim().toLowerCase()
    if (encoding !== "identity" && encoding !== "" && encoding !== "gzip" && encoding !== "zstd") {
      return fail({ class: "unsupported-media", message: `The content encoding "${encoding}" is not accepted; send the body as it is, or as gzip or zstd.` })
    }
    const type = request.headers["content-type"]
    if (type !== undefined && !/json/i.test(type)) {
      return fail({ class: "unsupported-media", message: `The content type "${type}" is not accepted; send application/json.` })
    }
    const stated = Number(request.headers["content-length"] ?? 0)
    if (stated > limit) {
      return tooLarge(limit)
    }
    const bytes = request.arrayBuffer.pipe(
      Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(limit)),
      Effect.mapError((error) => unreadable(error, limit)),
      Effect.map((buffer) => new Uint8Array(buffer))
    )
    return encoding === "gzip" || encoding === "zstd"
      ? bytes.pipe(Effect.flatMap((packed) => decompress(packed, encoding, limit)), Effect.flatMap(toText))
      : Effect.flatMap(bytes, toText)
  })
