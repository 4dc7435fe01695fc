/**
 * One request on its way through undici: the handler of its callbacks, from dispatch to the end of the body. It turns them
 * into one outcome for the opener and one byte source for the taker. It never retries and follows no redirect.
 */
import { fail, type Failure, type GatewayError } from "@sluice/protocol/GatewayError"
import * as Effect from "effect/Effect"
import type { Dispatcher } from "undici"
import * as ByteSource from "../ByteSource.ts"
import type { UpstreamReply, UpstreamRequest } from "../UpstreamClient.ts"
import * as ConnectionFailure from "./connectionFailure.ts"
import * as ContentDecoding from "./contentDecoding.ts"

/** Bounds of a call, in bytes. */
export interface CallLimits {
  readonly highWaterBytes: number
  readonly maxDecodedBytes: number
}

/** Told once: the head, or why there is none. */
export type Settle = (outcome: Effect.Effect<UpstreamReply, GatewayError>) => void

/** The handler undici calls. Its methods run inside undici's parser, so none of them resumes a fiber itself. */
export class UpstreamCall implements Dispatcher.DispatchHandler {
  readonly #limits: CallLimits
  readonly #host: string
  #settle: Settle | undefined
  #controller: Dispatcher.DispatchController | undefined
  #connectTimer: NodeJS.Timeout | undefined
  #sender: ByteSource.Sender | undefined
  #decoder: ContentDecoding.Decoder | undefined
  /** Why the connection broke off during the body. */
  #broken: string | undefined
  /** Nothing of this call is wanted or to come any more. */
  #over = false

  /** `host` is host and port, for messages. */
  constructor(host: string, limits: CallLimits) {
    this.#host = host
    this.#limits = limits
  }

  /** Sends the request, which is not held on to: a body of megabytes must not live as long as the stream that answers it. */
  start(dispatcher: Dispatcher, { body, connectTimeoutMs, headers, method, url }: UpstreamRequest, settle: Settle): void {
    this.#settle = settle
    // From dispatch to the first byte written, so that waiting for one of a limited number of connections counts too
    this.#connectTimer = setTimeout(() => this.#fail(ConnectionFailure.connectTimeout(this.#host, connectTimeoutMs)), connectTimeoutMs)
    dispatcher.dispatch({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method,
      headers,
      body: method === "GET" ? null : body ?? null,
      headersTimeout: 0,
      bodyTimeout: 0
    }, this)
  }

  /** Ends the call: closes its connection at once unless the body had come to its end. */
  cancel(): void {
    this.#settle = undefined
    this.#decoder?.destroy()
    this.#close()
    this.#sender?.finish(ByteSource.reset("cancelled"))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    clearTimeout(this.#connectTimer)
    // Cancelled while it waited for a connection: undici takes a throw here as the end of the request, before anything was
    // written, and keeps the connection; abort would close it.
    if (this.#over) throw new Error("cancelled before it was sent")
    this.#controller = controller
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, incoming: IncomingHeaders): void {
    if (status < 200 || this.#over) return
    const headers = joined(incoming)
    const coding = ContentDecoding.codingOf(headers["content-encoding"])
    if (coding === "unknown") {
      return this.#fail({ class: "protocol-violation", message: `${this.#host} answered in a content-encoding the gateway cannot undo.` })
    }
    const sender = ByteSource.make({
      highWaterBytes: this.#limits.highWaterBytes,
      onLow: () => this.#decoder === undefined ? controller.resume() : this.#decoder.resume()
    })
    this.#sender = sender
    if (coding !== undefined) {
      // They describe the bytes on the wire
      delete headers["content-encoding"]
      delete headers["content-length"]
      this.#decoder = ContentDecoding.make(coding, this.#limits.maxDecodedBytes, {
        push: sender.push,
        drained: () => controller.resume(),
        ended: (problem) => {
          this.#close()
          const broken = this.#broken ?? problem
          sender.finish(broken === undefined ? ByteSource.eof : ByteSource.reset(broken))
        }
      })
    }
    this.#outcome(Effect.succeed({ status, headers, body: sender.source }))
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    const goOn = this.#decoder === undefined ? this.#sender?.push(chunk) : this.#decoder.write(chunk)
    if (goOn === false) controller.pause()
  }

  onResponseEnd(): void {
    this.#over = true
    if (this.#decoder === undefined) this.#sender?.finish(ByteSource.eof)
    else this.#decoder.end()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#over) return
    if (this.#sender === undefined) return this.#fail(ConnectionFailure.beforeHead(error, this.#host))
    this.#over = true
    this.#broken = ConnectionFailure.duringBody(error)
    // A decoder first gives out what it has
    if (this.#decoder === undefined) this.#sender.finish(ByteSource.reset(this.#broken))
    else this.#decoder.end()
  }

  #fail(failure: Failure): void {
    this.#outcome(Effect.fail(fail(failure)))
    this.#close()
  }

  #close(): void {
    clearTimeout(this.#connectTimer)
    if (this.#over) return
    this.#over = true
    this.#controller?.abort(new Error("the gateway closed the request"))
  }

  #outcome(outcome: Effect.Effect<UpstreamReply, GatewayError>): void {
    // In a microtask, because the opener's fiber may go on to send other requests, which undici forbids inside its parser
    queueMicrotask(() => {
      const settle = this.#settle
      this.#settle = undefined
      settle?.(outcome)
    })
  }
}

// internal

type IncomingHeaders = { readonly [name: string]: string | Array<string> | undefined }

/** Undici gives lower-case names, and a list where a header came more than once. */
const joined = (incoming: IncomingHeaders): { [name: string]: string | undefined } => {
  const headers: { [name: string]: string | undefined } = {}
  for (const [name, value] of Object.entries(incoming)) headers[name] = typeof value === "string" ? value : value?.join(", ")
  return headers
}
