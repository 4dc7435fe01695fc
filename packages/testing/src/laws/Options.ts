/** What the laws are told about a dialect beside its codecs. */
import type { Loss } from "@sluice/protocol/Loss"
import type { WireEvent } from "@sluice/protocol/Sse"
import type { JsonObject } from "@sluice/protocol/Wire"
import type { Vocabulary } from "../arbitraries/Vocabulary.ts"
import type { Coverage } from "../Coverage.ts"

/** An outside judge of what a dialect emits, such as its official schema or a strict reader: what is wrong, or nothing. */
export interface Oracle {
  readonly request?: (body: JsonObject) => string | undefined
  readonly response?: (body: JsonObject) => string | undefined
  readonly stream?: (events: ReadonlyArray<WireEvent>) => string | undefined
}

/** What only this dialect knows, and who judges its output. */
export interface LawOptions {
  /** The dialect's own values; without them its foreign parts are not exercised. */
  readonly vocabulary?: Vocabulary
  readonly oracle?: Oracle
  /** Counts what the laws met. */
  readonly coverage?: Coverage
  /** Whether a request loss is in the table of this target; without a table every loss is. */
  readonly allows?: (loss: Loss) => boolean
}
