/**
 * The frozen gateway: every part the pipeline works with, gathered once when a generation of it starts (Start.ts). Plain values, so that
 * a request looks nothing up in a context and no Layer is built for it; an exchange keeps the gateway it began with to its end.
 */
import type { Dialect } from "@sluice/protocol/Dialect"
import type * as Clock from "effect/Clock"
import type * as Scope from "effect/Scope"
import type { Admission } from "./Admission.ts"
import type { Authenticator } from "./Authenticator.ts"
import type { Policy } from "./Bodies.ts"
import type { Catalogue } from "./Catalogue.ts"
import type { Continuity } from "./Continuity.ts"
import type { Counting } from "./CountedInput.ts"
import { type Bounds, defaultBounds, type Drains } from "./Drain.ts"
import type { Executor } from "./Executor.ts"
import type { Extension } from "./Extension.ts"
import type { Fuses } from "./Fuse.ts"
import type { Generation } from "./Generation.ts"
import type { Hooks, Installed } from "./Hooks.ts"
import type { Ledger } from "./Ledger.ts"
import type { Lifecycle } from "./Lifecycle.ts"
import type { Limits } from "./Limits.ts"
import type { Contribution } from "./Management.ts"
import type { ModelRegistry } from "./ModelRegistry.ts"
import type { ProviderLists } from "./models/Sources.ts"
import type { Observers } from "./Observers.ts"
import type { Prices } from "./Prices.ts"
import type { ProviderId } from "./ProviderId.ts"
import type { Refusals } from "./Refusals.ts"
import type { Replays } from "./Replays.ts"
import type { Router } from "./Router.ts"
import type { Scheduler } from "./Scheduler.ts"
import type { Scheduling } from "./Scheduling.ts"
import type { Rules } from "./Thinking.ts"
import type { TokenCounter } from "./TokenCounter.ts"
import type { UsageDelivery } from "./UsageDelivery.ts"
import type { UsageOutbox } from "./UsageOutbox.ts"
import type { Wheel } from "./Wheel.ts"

/** Settings of the HTTP edge and of streams. */
export interface Settings {
  /** Largest request body, decoded, in bytes. */
  readonly bodyLimitBytes: number
  /** Deepest nesting of a request body. */
  readonly maxDepth: number
  /** A comment goes to a streaming client after this much silence, in milliseconds. */
  readonly heartbeatMs: number
  /** A client that takes nothing for this long while there is something to take is gone, in milliseconds. */
  readonly writeStallMs: number
  /** After this long a streaming client gets the head although no attempt has answered yet, in milliseconds. */
  readonly preCommitMs: number
  /** Largest buffered answer of an upstream, in bytes. */
  readonly answerLimitBytes: number
  /** What becomes of an exchange that the ledger does not take: it is refused, or served without a record. */
  readonly onLedgerFailure: "deny" | "allow"
  /** Bounds of reading on after clients that left. */
  readonly drains: Bounds
  /** Whether a client may send its secret in the query (`?key=`), where addresses are logged by whatever stands in between. */
  readonly queryKey: boolean
  /** Which of several processes this one is, as its health says; absent = the only one. */
  readonly worker?: number
  /** Tries an exchange may make upstream, over all targets and credentials. */
  readonly maxAttempts: number
  /** What the record keeps of requests and answers beside their rows. */
  readonly bodies: Policy
}

/** Body 32 MiB, depth 128, heartbeat 15 s, write stall 60 s, pre-commit window 10 s, answers 64 MiB, six attempts, nothing without a record, no secrets in the query. */
export const defaultSettings: Settings = {
  bodyLimitBytes: 32 * 1024 * 1024,
  maxDepth: 128,
  heartbeatMs: 15_000,
  writeStallMs: 60_000,
  preCommitMs: 10_000,
  answerLimitBytes: 64 * 1024 * 1024,
  onLedgerFailure: "deny",
  drains: defaultBounds,
  queryKey: false,
  maxAttempts: 6,
  bodies: "none"
}

/** Everything an exchange works with. */
export interface Gateway {
  /** Which one it is, and who works with it. */
  readonly generation: Generation
  readonly dialects: ReadonlyArray<Dialect>
  readonly executors: ReadonlyMap<ProviderId, Executor>
  /** In order; `finish` runs over those that were entered, in reverse. */
  readonly extensions: ReadonlyArray<Installed<Extension>>
  /** The hooks of extensions and interceptors, in order, so that a request pays only for those there are. */
  readonly hooks: Hooks
  /** Those who are told every event of every answer; absent = nobody. */
  readonly observers: Observers | undefined
  /** How thinking is asked for. */
  readonly thinking: Rules
  /** What guards the parts; the same for all configurations of a gateway. */
  readonly fuses: Fuses["Service"]
  /** Whether any interceptor wants frames, which rules the byte lane out. */
  readonly wantsFrames: boolean
  /** What parts add to the management surface. */
  readonly management: ReadonlyArray<Contribution>
  readonly registry: ModelRegistry["Service"]
  /** The lists of providers that are read. */
  readonly lists: ProviderLists
  /** Absent = lists say what the configuration and the providers say. */
  readonly catalogue?: Catalogue["Service"] | undefined
  /** Asked in their order where a request goes before its plan is made. */
  readonly routers: ReadonlyArray<Installed<Router>>
  /** Asked in their order which credential an attempt is made with, before the built-in ones. */
  readonly schedulers: ReadonlyArray<Scheduler>
  readonly scheduling: Scheduling["Service"]
  readonly ledger: Ledger["Service"]
  readonly authenticator: Authenticator["Service"]
  readonly tokenCounter: TokenCounter
  /** Absent = costs are not known. */
  readonly prices?: Prices["Service"] | undefined
  readonly continuity: Continuity["Service"]
  /** Absent = nobody is limited. */
  readonly limits: Limits["Service"] | undefined
  /** Absent: everybody is admitted. */
  readonly admission: Admission["Service"] | undefined
  readonly refusals: Refusals
  /** Absent = idempotency keys are not looked at. */
  readonly replays: Replays["Service"] | undefined
  /** How far sinks of usage have got, and how it stands with them. */
  readonly outbox: UsageOutbox["Service"]
  readonly deliveries: UsageDelivery
  readonly wheel: Wheel["Service"]
  readonly lifecycle: Lifecycle["Service"]
  /** The time of day: for what is recorded and shown. */
  readonly clock: Clock.Clock
  /** Milliseconds for measuring, the same as the wheel's; see SteadyTime.ts. */
  readonly now: () => number
  readonly random: () => number
  readonly drains: Drains
  readonly counting: Counting
  /** Parent of every exchange's scope. */
  readonly scope: Scope.Scope
  readonly settings: Settings
}
