/**
 * One circuit as a value: closed while things work, open for a time after they failed, then probed by one request before the others
 * come back. Pure: times are milliseconds of any steady clock. `effect/persistence/CircuitBreaker` is the same machine as a service;
 * this one is asked synchronously, for many keys, before a choice is made, takes how long to rest from each failure, and can be reset.
 */

/** A circuit. */
export interface Circuit {
  readonly state: "closed" | "open" | "probing"
  /** Failures in a row while it was closed. */
  readonly failures: number
  /** How often it has opened since anything succeeded: what waits grow by. */
  readonly openings: number
  /** When it opened. What was begun before says nothing about the time after. */
  readonly openedAt: number
  /** Open: the end of the rest. Probing: when the probe is not waited for any longer. */
  readonly until: number
}

/** Who reports: when the attempt began, and whether it was let through as the probe. */
export interface Reporter {
  readonly begunAt: number
  readonly isProbe: boolean
}

/** How a circuit opens: after so many failures in a row, for so long, given how often it has opened before. */
export interface Opening {
  readonly threshold: number
  readonly restMs: (openings: number) => number
}

/** How long a probe is waited for before another one may try, in milliseconds. */
export const probePatienceMs = 30_000

/** A circuit nothing has happened to. */
export const closed: Circuit = { state: "closed", failures: 0, openings: 0, openedAt: 0, until: 0 }

/** Whether a request may pass: freely, as the probe, or not, because it rests or because its probe is under way. */
export const standing = (circuit: Circuit, now: number): "free" | "due" | "resting" | "probing" => {
  if (circuit.state === "closed") return "free"
  if (now >= circuit.until) return "due"
  return circuit.state === "open" ? "resting" : "probing"
}

/** Lets the probe through. */
export const probe = (circuit: Circuit, now: number): Circuit => ({ ...circuit, state: "probing", until: now + probePatienceMs })

/** After a failure. A burst of requests that were begun before it opened may prolong its rest and never counts as another opening. */
export const failed = (circuit: Circuit, by: Reporter, opening: Opening, now: number): Circuit => {
  const open = (openings: number): Circuit => ({
    state: "open",
    failures: 0,
    openings: openings + 1,
    openedAt: now,
    until: now + opening.restMs(openings)
  })
  if (circuit.state === "closed") {
    const failures = circuit.failures + 1
    return failures < opening.threshold ? { ...circuit, failures } : open(circuit.openings)
  }
  if (by.isProbe) return open(circuit.openings)
  if (circuit.state === "probing") return circuit
  return { ...circuit, until: Math.max(circuit.until, now + opening.restMs(Math.max(0, circuit.openings - 1))) }
}

/** After a success: closed, unless it was begun before the circuit opened. */
export const succeeded = (circuit: Circuit, by: Reporter): Circuit =>
  circuit.state === "closed" || by.isProbe || by.begunAt >= circuit.openedAt ? closed : circuit

/** After a probe that came to nothing, because its client left: the next request may be the probe. */
export const released = (circuit: Circuit, by: Reporter, now: number): Circuit =>
  circuit.state === "probing" && by.isProbe ? { ...circuit, state: "open", until: now } : circuit
