/** Why limits let an exchange not pass, with what its client is told in headers. Not an error of any provider. */
import type { Failure } from "@sluice/protocol/GatewayError"
import * as Schema from "effect/Schema"

/** There is no room, or nobody knows whether there is. */
export class LimitRefusal extends Schema.TaggedError<LimitRefusal>()("LimitRefusal", {
  failure: Schema.declare((value: unknown): value is Failure => typeof value === "object" && value !== null && "class" in value),
  headers: Schema.Record(Schema.String, Schema.String)
}) {
  override get message(): string {
    return this.failure.message
  }
}
