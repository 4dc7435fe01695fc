/**
 * How wire events stand in the body of a streamed answer to a client: server-sent events, or one JSON array written piece by
 * piece (Gemini without `alt=sse`). A writer belongs to one answer.
 */
import * as JsonArray from "./JsonArray.ts"
import * as Sse from "./Sse.ts"

/** The framings a client can be answered in. */
export type Framing = "sse" | "json-array"

/** Writes the events of one answer. */
export interface FrameWriter {
  readonly framing: Framing
  readonly contentType: string
  readonly write: (events: ReadonlyArray<Sse.WireEvent>) => string
  /** What closes the body; nothing may follow. */
  readonly end: () => string
  /** A sign of life that says nothing. */
  readonly heartbeat: string
}

const sse: FrameWriter = { framing: "sse", contentType: "text/event-stream", write: Sse.writeAll, end: () => "", heartbeat: Sse.heartbeat }

const jsonArray = (): FrameWriter => ({ framing: "json-array", contentType: "application/json", heartbeat: "\n", ...JsonArray.writer() })

/** A writer for one answer. */
export const writer = (framing: Framing): FrameWriter => framing === "sse" ? sse : jsonArray()
