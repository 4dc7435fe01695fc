/** What the laws are told about a dialect beside its codecs. */
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { Loss } from "@sluice/protocol/Loss"
import type { WireEvent } from "@sluice/protocol/Sse"
import type { JsonObject } from "@sluice/protocol/Wire"
import type { Vocabulary } from "../arbitraries/Vocabulary.ts"
import type { Coverage } from "../Coverage.ts"

/** An outside judge of what a dialect emits, such as its official schema or a strict reader: what is wrong, or nothing. */
export interface Oracle {
  readonly request?: (body: JsonObject) => string | undefined
  readonly response?: (body: JsonObject) => string | undefined
  /** The body of an error reply. */
  readonly error?: (body: JsonObject) => string | undefined
  /** Given the request as well, because what a client may be told depends on what it asked for. */
  readonly stream?: (events: ReadonlyArray<WireEvent>, request: CanonicalRequest) => string | undefined
}

/** What only this dialect knows, and who judges its output. */
export interface LawOptions {
  /** The dialect's own values; without them its foreign parts are not exercised. */
  readonly vocabulary?: Vocabulary
  readonly oracle?: Oracle
  /** The framing under test, from network chunks to wire events; the splitter of server-sent events by default. */
  readonly split?: (chunks: ReadonlyArray<Uint8Array>) => ReadonlyArray<WireEvent>
  /** Counts what the laws met. */
  readonly coverage?: Coverage
  /** Whether a loss of a request is in the table of the target; without a table every loss is. */
  readonly allows?: (loss: Loss) => boolean
  /** The same for answers encoded in this dialect. */
  readonly allowsAnswer?: (loss: Loss) => boolean
}
