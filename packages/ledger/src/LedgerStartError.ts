/** Why a ledger file cannot be served: the one way in which building the layer fails. */
import * as Schema from "effect/Schema"

/** The file cannot be opened, or is no usable ledger. */
export class LedgerStartError extends Schema.TaggedError<LedgerStartError>()("LedgerStartError", {
  filename: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `the ledger ${this.filename} cannot be opened: ${this.reason}`
  }
}
