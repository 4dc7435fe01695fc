/**
 * What extensions and interceptors say of themselves beside their hooks: their name and place in the order, and what becomes of an
 * exchange when they are at fault. A fault is a defect or a call that took too long; a stage that fails with a value has spoken.
 */
import type * as Duration from "effect/Duration"
import type { Ordered } from "./Registries.ts"

/**
 * What a fault of a part does. `open`: the exchange goes on as if the part had not been called. `closed`: the exchange fails with
 * `unavailable`, and so does every later one while the part is fused.
 */
export type FailPolicy = "open" | "closed"

/** A part of the gateway that is called while exchanges pass. */
export interface GatewayPart extends Ordered {
  /** Absent = closed for stages that may change or refuse something, open for those that only look on. */
  readonly failPolicy?: FailPolicy
  /** How long one call may take; absent = 30 seconds. */
  readonly timeout?: Duration.Input
  /** Faults after which the part is fused: not called any more until it is reset; absent = 5. */
  readonly fuseAfter?: number
}
