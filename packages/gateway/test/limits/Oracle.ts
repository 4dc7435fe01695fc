/**
 * What the store of limits should do, said as simply as possible: a list of everything that was ever counted, added up anew for every
 * question. Slow, and nothing in it is shared with the machine it judges but the width of a slot.
 */
import { type Answer, type Correction, slotMs, type Window } from "../../src/LimitStore.ts"

interface Counted {
  readonly key: string
  readonly id: string
  readonly at: number
  amount: number
}

interface Hold {
  readonly key: string
  readonly id: string
  readonly amount: number
  expiresAt: number
}

/** Remembers everything. */
export class Oracle {
  readonly counted: Array<Counted> = []
  readonly charged = new Map<string, number>()
  holds: Array<Hold> = []
  /** By window: how far settlements went beyond what was reserved. */
  readonly overshoot = new Map<string, number>()

  rate(key: string, windowMs: number, now: number): number {
    const width = slotMs(windowMs)
    return this.counted
      .filter((each) => each.key === key && (Math.floor(each.at / width) + 1) * width + windowMs > now)
      .reduce((sum, { amount }) => sum + amount, 0)
  }

  held(key: string, now: number): number {
    return (this.charged.get(key) ?? 0) + this.holds.filter((hold) => hold.key === key && hold.expiresAt > now).reduce((sum, { amount }) => sum + amount, 0)
  }

  reserve(now: number, id: string, leaseMs: number, windows: ReadonlyArray<Window>): Answer["_tag"] {
    if (windows.some((window) => window._tag === "Held" && window.opening === undefined && !this.charged.has(window.key))) return "Unopened"
    for (const window of windows) if (window._tag === "Held" && !this.charged.has(window.key)) this.charged.set(window.key, window.opening ?? 0)
    const used = (window: Window) => window._tag === "Rate" ? this.rate(window.key, window.windowMs, now) : this.held(window.key, now)
    if (windows.some((window) => used(window) + window.amount > window.limit)) return "Refused"
    for (const { _tag, amount, key } of windows) {
      if (_tag === "Rate") this.counted.push({ key, id, at: now, amount })
      else this.holds.push({ key, id, amount, expiresAt: now + leaseMs })
    }
    return "Reserved"
  }

  settle(now: number, id: string, corrections: ReadonlyArray<Correction>): void {
    for (const correction of corrections) {
      const { key } = correction
      const over = (amount: number) => this.overshoot.set(key, (this.overshoot.get(key) ?? 0) + Math.max(0, amount))
      if (correction._tag === "Rate") {
        const { actual, reserved } = correction
        over(actual - reserved)
        if (actual > reserved) this.counted.push({ key, id: "beyond", at: now, amount: actual - reserved })
        else {
          const found = this.counted.find((each) => each.key === key && each.id === id)
          if (found !== undefined) found.amount -= reserved - actual
        }
      } else if (this.charged.has(key)) {
        // A hold that ran out while its request went on makes no room for what the request took
        over(correction.charge - (this.holds.find((hold) => hold.key === key && hold.id === id && hold.expiresAt > now)?.amount ?? 0))
        this.holds = this.holds.filter((hold) => hold.key !== key || hold.id !== id)
        this.charged.set(key, (this.charged.get(key) ?? 0) + correction.charge)
      }
    }
  }

  renew(now: number, id: string, leaseMs: number): void {
    for (const hold of this.holds) if (hold.id === id && hold.expiresAt > now) hold.expiresAt = now + leaseMs
  }
}
