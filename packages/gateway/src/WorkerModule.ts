/**
 * What a module says that runs in a thread of its own: hooks as functions over plain data, which may be asynchronous. Its author imports
 * only these types. What it gives is checked before anybody uses it; what it throws, and what is no answer, is a fault of the part.
 *
 * @example
 * export const interceptor: WorkerModule.WorkerInterceptorModule = { request: (request) => ({ request: { ...request, temperature: 0 } }) }
 */
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { HeaderChange, Headers } from "./HeaderChange.ts"
import type { AttemptRecord, Settlement } from "./Ledger.ts"
import type { RecordedAnswer } from "./RecordedAnswer.ts"

/** What a module may know of an exchange: plain data, no secrets, and of the headers only those its part was given. */
export interface WorkerContext {
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly principal: { readonly id: string; readonly team?: string; readonly tenant?: string }
  readonly inbound: string
  readonly operation: string
  readonly model: string
  readonly stream: boolean
  readonly headers: Headers
  readonly targets: ReadonlyArray<{ readonly provider: string; readonly model: string }>
}

/** Beside the exchange, the attempt. */
export interface WorkerAttemptContext extends WorkerContext {
  readonly attempt: number
  readonly provider: string
  readonly upstreamModel: string
}

/** Ends the exchange: refused in the client's dialect, or with a reply of the module's own. */
export type WorkerStop =
  | {
    readonly refuse: {
      readonly message: string
      /** `denied` when absent. */
      readonly class?: "denied" | "forbidden" | "rate-limited" | "unavailable" | "content-filter" | "bad-request"
      readonly status?: number
    }
  }
  | { readonly reply: { readonly status: number; readonly headers?: Headers; readonly body?: string } }

type Given<A> = A | undefined | Promise<A | undefined>

/** A whole reply as a module sees it; the body is text. */
export interface WorkerReply {
  readonly status: number
  readonly headers: Headers
  readonly body: string
  /** The class of an error reply. */
  readonly failure?: string
}

/** The export `interceptor` of a module. What is absent in what a hook gives stays as it is, and so does everything where it gives nothing. */
export interface WorkerInterceptorModule {
  readonly request?: (request: CanonicalRequest, context: WorkerContext) => Given<WorkerStop | { readonly request?: CanonicalRequest }>
  readonly attempt?: (
    request: CanonicalRequest,
    context: WorkerAttemptContext
  ) => Given<WorkerStop | { readonly request?: CanonicalRequest; readonly headers?: HeaderChange; readonly body?: string }>
  readonly response?: (
    reply: WorkerReply,
    context: WorkerContext
  ) => Given<WorkerStop | { readonly status?: number; readonly headers?: HeaderChange; readonly body?: string }>
}

/** The export `extension` of a module. */
export interface WorkerExtensionModule {
  readonly admit?: (context: WorkerContext) => Given<WorkerStop>
  readonly lookup?: (request: CanonicalRequest, context: WorkerContext) => Given<RecordedAnswer>
  readonly store?: (answer: RecordedAnswer, request: CanonicalRequest, context: WorkerContext) => unknown
  readonly observe?: (event: CanonicalEvent, context: WorkerContext) => unknown
  readonly onAttempt?: (attempt: AttemptRecord, context: WorkerContext) => unknown
  readonly finish?: (settlement: Settlement, context: WorkerContext) => unknown
}
