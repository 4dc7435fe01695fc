/**
 * The catalogue of upstream faults: the simulator's model names that produce them, with what a correct reader has to
 * conclude. Use `faults` to attack every one in turn, `drawModels` for a repeatable random mix. A refused connection
 * is not here: it needs no simulator, only a port nobody listens on.
 */

/** When the fault hits: before the head, with the head, before the first content, inside the content, at the end. */
export type FaultPhase = "before-head" | "head" | "before-content" | "content" | "ending"

/**
 * What a correct reader concludes: it got an error (`failed`), silence until its own timer (`silent`), a stream that
 * stopped in its content (`truncated`), nothing at all (`empty`), something that breaks the protocol (`violation`),
 * or, in spite of the oddity, a whole answer (`complete`).
 */
export type FaultVerdict = "failed" | "silent" | "truncated" | "empty" | "violation" | "complete"

/** One fault: the model name that asks for it and what it means for a streamed request. */
export interface Fault {
  readonly model: string
  readonly phase: FaultPhase
  readonly verdict: FaultVerdict
}

const fault = (phase: FaultPhase, verdict: FaultVerdict, ...scenarios: ReadonlyArray<string>): ReadonlyArray<Fault> =>
  scenarios.map((scenario) => ({ model: `sim-${scenario}`, phase, verdict }))

/** Every fault of a streamed request, by phase. Buffered requests know the same names; faults of frames leave their bodies whole. */
export const faults: ReadonlyArray<Fault> = [
  ...fault("before-head", "failed", "reset-head", "reset-head;head=20"),
  ...fault("before-head", "silent", "stall-head"),
  ...fault("head", "failed", "error;status=400", "error;status=401", "error;status=403", "error;status=404", "error;status=413", "error;status=500"),
  ...fault(
    "head",
    "failed",
    "error;status=429",
    "error;status=429;retryAfter=30",
    "error;status=429;retryAfter=Wed, 21 Oct 2026 07:28:00 GMT",
    "error;status=429;retryAfterMs=20"
  ),
  ...fault(
    "head",
    "failed",
    "error;status=502",
    "error;status=503;retryAfter=2",
    "error;status=529",
    "error-html;status=502",
    "quota",
    "context-overflow",
    "unknown-model"
  ),
  ...fault("head", "violation", "html", "redirect"),
  ...fault("head", "complete", "informational", "wrong-type", "json-for-stream"),
  ...fault("before-content", "empty", "empty", "truncated;after=0", "truncated;after=0;cut=1"),
  ...fault("before-content", "failed", "reset;after=0", "stream-error;after=0", "stream-error;after=0;status=500"),
  ...fault("before-content", "failed", "stream-error;after=0;started=1", "reset;after=0;started=1"),
  ...fault("before-content", "silent", "stall", "stall;started=1", "pings-only;delay=50"),
  ...fault("content", "truncated", "reset", "truncated", "truncated;cut=1", "truncated;at=500", "reset;at=500", "reset;at=1000;split=11"),
  ...fault("content", "failed", "stream-error", "stream-error;status=500"),
  ...fault("content", "silent", "stall;after=3"),
  ...fault("content", "violation", "garbage"),
  ...fault(
    "content",
    "complete",
    "huge-frame",
    "drip",
    "drip;split=1",
    "gzip",
    "gzip-bomb;bytes=4194304",
    "crlf",
    "retry-line",
    "ping",
    "slow;delay=1",
    "changing-ids",
    "repeated-start",
    "late-names",
    "empty-events"
  ),
  ...fault("ending", "complete", "no-done", "duplicate-terminal", "late-reset", "missing-usage", "late-usage", "usage-with-finish", "usage-always"),
  ...fault("ending", "violation", "content-after-finish")
]

/** A pseudo-random number generator of 32 bits (mulberry32); answers numbers in [0, 1). */
const generator = (seed: number): () => number => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** How often the model names of `drawModels` misbehave. */
export interface MixOptions {
  readonly faultShare?: number
}

/** `count` model names drawn from a seed: the given share of faults (half unless told), the rest ordinary answers, each with random pace. The same seed gives the same names. */
export const drawModels = (seed: number, count: number, options: MixOptions = {}): ReadonlyArray<string> => {
  const random = generator(seed)
  const pick = <A>(list: ReadonlyArray<A>, otherwise: A): A => list[Math.floor(random() * list.length)] ?? otherwise
  const ordinary = ["sim-text", "sim-long;events=40", "sim-tools", "sim-parallel-tools", "sim-reasoning", "sim-length", "sim-cached"]
  return Array.from({ length: count }, (_, index) => {
    const faulty = random() < (options.faultShare ?? 0.5)
    const model = faulty ? pick(faults.map((one) => one.model), "sim-reset") : pick(ordinary, "sim-text")
    const delay = Math.floor(random() * 4)
    const after = model.includes("after=") || random() < 0.5 ? "" : `;after=${1 + Math.floor(random() * 12)}`
    return `${model}${model.includes("delay=") ? "" : `;delay=${delay}`}${after};tag=${seed}-${index}`
  })
}
