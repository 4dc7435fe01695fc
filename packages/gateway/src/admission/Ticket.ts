/** The place of one request among those that are admitted, wait or were refused: made by the gate (Gate.ts), held by the exchange. */
import type { Priority } from "../Principal.ts"
import type { Reason } from "./Bounds.ts"

/** The place of one request, from its arrival until it leaves. */
export interface Ticket {
  readonly priority: Priority
  readonly arrivedAt: number
  state: "waiting" | "admitted" | "refused" | "left"
  /** What it holds of the bytes. */
  bytes: number
  /** Why it was refused. */
  reason: Reason | undefined
  /** Memory forces it to end, although it was admitted. */
  shed: boolean
}
