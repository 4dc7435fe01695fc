/**
 * Answers a request that was asked before, word for word, with the answer it was given then: without a provider, without tokens, and for
 * whoever asked then only. Requests that come while the first is still asked wait for its answer. Whole answers only; they are encrypted
 * wherever they are kept.
 *
 * @example
 * ResponseCache.layer({ ttl: "10 minutes" }).pipe(Layer.provide(CacheStoreMemory.layer()))
 */
import { isComplete } from "@sluice/protocol/CanonicalFinish"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as CacheKey from "../cache/CacheKey.ts"
import * as CacheMetrics from "../cache/CacheMetrics.ts"
import { CacheStore, type CacheStoreUnavailable } from "../CacheStore.ts"
import * as Condition from "../Condition.ts"
import * as Extension from "../Extension.ts"
import * as RecordedAnswer from "../RecordedAnswer.ts"
import type { Extensions } from "../Registries.ts"
import * as Seal from "../replays/Seal.ts"
import * as Waiters from "../replays/Waiters.ts"
import * as SteadyTime from "../SteadyTime.ts"

/** How answers are cached. */
export interface Options {
  /** How long an answer is given again; absent = 5 minutes. */
  readonly ttl?: Duration.Input
  /** How long a request waits for the answer to the same request before it is asked itself; absent = 30 seconds. */
  readonly wait?: Duration.Input
  /** Whose answers are shared; absent = `principal`: nobody's. */
  readonly scope?: CacheKey.Scope
  /** The largest answer that is kept, in bytes; absent = 1 MiB. */
  readonly maxAnswerBytes?: number
  /** What keys and answers are sealed with. Absent = a secret of this process, for a store that lives no longer. */
  readonly secret?: Redacted.Redacted<string>
  /**
   * Facts that tell requests apart beside what they ask: what other parts go by when they change attempts or answers, which the cache does
   * not see. Absent = none.
   */
  readonly vary?: (context: Extension.ExchangeContext) => ReadonlyArray<string>
  /** Absent = always. */
  readonly when?: Condition.Condition
}

/** What an exchange has to do with the cache. */
interface Part {
  readonly key: string
  readonly isHit: boolean
  /** It brings the answer others may wait for. */
  isLeading: boolean
}

/** For how long nobody else is asked to bring an answer: crashes of other processes are found out by it. */
const leaseMs = 120_000

/** How often it is asked whether another process has brought the answer, in milliseconds. */
const pollMs = 500

/** How long a store may take to answer, in milliseconds. */
const storeMs = 2_000

/** Every choice said all it had to say. */
const isWhole = ({ finish, frames }: RecordedAnswer.RecordedAnswer): boolean =>
  isComplete(finish) && frames.every(({ events }) => events.every((event) => event.type !== "finish" || isComplete(event.reason)))

const directives = (value: string | undefined): ReadonlySet<string> => new Set((value ?? "").toLowerCase().split(",").map((directive) => directive.trim()))

const make = Effect.fnUntraced(function*(options: Options) {
  const store = yield* CacheStore
  const clock = yield* Clock.Clock
  const { maxAnswerBytes = 1024 * 1024, scope = "principal" } = options
  const ttlMs = Duration.toMillis(options.ttl ?? "5 minutes")
  const waitMs = Duration.toMillis(options.wait ?? "30 seconds")
  const seal = options.secret === undefined ? Seal.unshared() : Seal.make(Buffer.from(Redacted.value(options.secret)))
  const holds = Condition.make(options.when)
  const waiters = Waiters.make()
  const parts = new Map<string, Part>()
  let warned = false

  const quietly = <A>(asked: Effect.Effect<A, CacheStoreUnavailable>): Effect.Effect<Option.Option<A>> =>
    asked.pipe(
      Effect.timeoutOption(storeMs),
      Effect.catch((error) => {
        const isFirst = !warned
        warned = true
        return isFirst ? Effect.as(Effect.logWarning(`Answers are not cached: ${error.message}`), Option.none()) : Effect.succeed(Option.none())
      })
    )

  const opened = (key: string, sealed: string): Option.Option<RecordedAnswer.RecordedAnswer> =>
    Option.flatMap(seal.open(key, sealed), (bytes) => RecordedAnswer.fromText(Buffer.from(bytes).toString("utf8")))

  /** Looks until there is an answer, this exchange is to bring it, or it has waited long enough. */
  const find = (key: string, claim: string, deadline: number): Effect.Effect<Option.Option<RecordedAnswer.RecordedAnswer>> =>
    Effect.flatMap(quietly(store.ask({ _tag: "Find", key, claim, leaseMs })), (told) => {
      if (Option.isNone(told)) return Effect.succeedNone
      switch (told.value._tag) {
        case "Found": {
          const answer = opened(key, told.value.sealed)
          parts.set(claim, { key, isHit: Option.isSome(answer), isLeading: false })
          return Effect.succeed(answer)
        }
        case "Awaited": {
          const leftMs = deadline - SteadyTime.now(clock)
          if (leftMs <= 0 || !waiters.hasRoom()) return Effect.succeedNone
          return Effect.andThen(Effect.timeoutOption(waiters.wait(key), Math.min(leftMs, pollMs)), find(key, claim, deadline))
        }
        default: {
          const part = parts.get(claim)
          if (part !== undefined) part.isLeading = true
          return Effect.succeedNone
        }
      }
    })

  const lookup = (request: CanonicalRequest, context: Extension.ExchangeContext): Effect.Effect<Option.Option<RecordedAnswer.RecordedAnswer>> =>
    Effect.suspend(() => {
      const said = directives(context.header("cache-control"))
      if (said.has("no-store") || !CacheKey.isRepeatable(request) || !holds(context)) return Effect.succeedNone
      const asked = [...CacheKey.partsOf(request, context), ...options.vary?.(context) ?? []]
      const key = seal.name(["answer", ...CacheKey.ownerOf(scope, context), ...asked])
      parts.set(context.id, { key, isHit: false, isLeading: false })
      if (said.has("no-cache")) return Effect.succeedNone
      return Effect.tap(
        find(key, context.id, SteadyTime.now(clock) + waitMs),
        (answer) => CacheMetrics.looked(Option.isSome(answer) ? "hit" : "miss")
      )
    })

  const keep = (answer: RecordedAnswer.RecordedAnswer, part: Part, context: Extension.ExchangeContext): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (!isWhole(answer)) return Effect.void
      const bytes = Buffer.from(RecordedAnswer.toText(answer))
      if (bytes.length > maxAnswerBytes) return Effect.void
      const owner = seal.name(["owner", ...CacheKey.ownerOf(scope, context)])
      const asked = store.ask({ _tag: "Keep", key: part.key, claim: context.id, owner, sealed: seal.close(part.key, bytes), ttlMs })
      return Effect.flatMap(quietly(asked), (told) => {
        if (Option.isNone(told)) return Effect.void
        part.isLeading = false
        waiters.wake(part.key)
        return told.value._tag === "Done" ? CacheMetrics.held(told.value.entries, told.value.bytes) : Effect.void
      })
    })

  const release = (claim: string): Effect.Effect<void> =>
    Effect.suspend(() => {
      const part = parts.get(claim)
      parts.delete(claim)
      if (part?.isLeading !== true) return Effect.void
      return Effect.map(quietly(store.ask({ _tag: "Release", key: part.key, claim })), () => waiters.wake(part.key))
    })

  return Extension.layer({
    id: "cache",
    failPolicy: "open",
    timeout: waitMs + 2 * storeMs,
    lookup,
    store: (answer, _, context) => {
      const part = parts.get(context.id)
      return part === undefined || part.isHit ? Effect.void : keep(answer, part, context)
    },
    finish: (_, { id }) => release(id)
  })
})

/** The cache over a store. A store that does not answer is as good as an empty one. */
export const layer = (options: Options = {}): Layer.Layer<never, never, Extensions | CacheStore> => Layer.unwrap(make(options))

/** Forgets the answers of a key or of a tenant, or of everybody; gives their number. To name somebody, the secret must be the one they were sealed with. */
export const purge = (
  of?: { readonly owner: { readonly tenant?: string; readonly id: string }; readonly scope?: CacheKey.Scope; readonly secret: Redacted.Redacted<string> }
): Effect.Effect<number, CacheStoreUnavailable, CacheStore> =>
  Effect.flatMap(CacheStore, (store) => {
    const owner = of === undefined
      ? undefined
      : Seal.make(Buffer.from(Redacted.value(of.secret))).name(["owner", ...CacheKey.ownerOf(of.scope ?? "principal", { principal: of.owner })])
    return Effect.map(store.ask({ _tag: "Purge", ...(owner === undefined ? {} : { owner }) }), (told) => told._tag === "Purged" ? told.entries : 0)
  })
