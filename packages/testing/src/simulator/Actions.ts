/**
 * What a server does on one connection, as data. Players (PlayStream.ts, PlayBody.ts, Replies.ts) produce actions
 * lazily; Server.ts performs them on a socket, InProcess.ts as a stream. No time and no bytes move here.
 */

/** The head of a reply. */
export interface Head {
  readonly type: "head"
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

/** Bytes of the body and how many events are complete with them. */
export interface Write {
  readonly type: "write"
  readonly data: string | Uint8Array
  readonly events: number
}

/** What the connection suffers: silence, a reset, a close inside the body, a clean end of the body on purpose too early. */
export type ConnectionFault = "stall" | "reset" | "cut" | "truncate"

/**
 * One action. Actions that end without a fault end the body cleanly. A wait of 0 only lets the bytes so far leave;
 * a linger is a wait that only a socket needs, for its reader to take what was sent before a reset overtakes it.
 */
export type Action =
  | { readonly type: "informational" }
  | Head
  | Write
  | { readonly type: "wait"; readonly millis: number }
  | { readonly type: "linger"; readonly millis: number }
  | { readonly type: ConnectionFault }

/** The actions of one reply. */
export type Actions = Iterable<Action>

/** Content types of the three kinds of bodies. */
export const contentTypes = {
  sse: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" },
  json: { "content-type": "application/json" },
  html: { "content-type": "text/html; charset=utf-8" }
} as const

/** A wait, or nothing when it is not positive. */
export const wait = (millis: number): ReadonlyArray<Action> => millis > 0 ? [{ type: "wait", millis }] : []

/** A fault of the connection, after its linger where it would destroy what was just sent. */
export function* suffer(fault: ConnectionFault, linger: number): Generator<Action> {
  if (fault === "reset" || fault === "cut") yield { type: "linger", millis: linger }
  yield { type: fault }
}

/** A whole body with its length stated. */
export function* whole(status: number, headers: Readonly<Record<string, string>>, text: string): Generator<Action> {
  yield { type: "head", status, headers: { ...headers, "content-length": String(Buffer.byteLength(text)) } }
  if (text !== "") yield { type: "write", data: text, events: 0 }
}
