/**
 * Counts in Redis, for gateways that must not exceed a limit together. A question is one script, so that all windows or none are
 * counted, in Redis' own time; keys of a tenant share a hash tag, so that a cluster keeps them together, and vanish when they say
 * nothing any more. Needs Effect's `Redis`; the client should fail at once while it is not connected instead of queueing.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import * as RedisScripts from "./limits/RedisScripts.ts"
import { type Answer, type Level, LimitStore, LimitStoreFailed, slotMs } from "./LimitStore.ts"

/** How the store uses Redis. */
export interface Options {
  /** What every key begins with. */
  readonly prefix: string
  /** Milliseconds after which Redis has failed to answer. */
  readonly timeoutMs: number
  /** Milliseconds of another clock than Redis' own, which all gateways share: for tests. */
  readonly now?: () => number
}

/** `sluice:limits:`, one second. */
export const defaultOptions: Options = { prefix: "sluice:limits:", timeoutMs: 1000 }

const scriptOf = (lua: string) =>
  Redis.script((keys: ReadonlyArray<string>, message: string) => [...keys, message], { lua, numberOfKeys: (keys) => keys.length })
    .withReturnType<unknown>()

const scripts = { reserve: scriptOf(RedisScripts.reserve), settle: scriptOf(RedisScripts.settle), renew: scriptOf(RedisScripts.renew) }

const unreadable = new LimitStoreFailed({ reason: "Redis answered something else than was asked" })

/** Facts of a level, as the script writes them. */
const factsPerLevel = 5

const levelOf = (facts: ReadonlyArray<number>): Level => {
  const [used = 0, charged = 0, fits = 0, waitMs = 0, resetMs = 0] = facts
  return { used, charged, fits: fits === 1, waitMs, resetMs }
}

const answerOf = (reply: unknown, keys: ReadonlyArray<string>): Effect.Effect<Answer, LimitStoreFailed> => {
  if (!Array.isArray(reply)) return unreadable
  const [tag, ...facts] = reply.map(String)
  const numbers = facts.map(Number)
  if (tag === "Unopened") return Effect.succeed({ _tag: tag, keys: numbers.flatMap((index) => keys[index] ?? []) })
  const [at = 0, ...rest] = numbers
  const levels = keys.map((_, index) => levelOf(rest.slice(index * factsPerLevel, (index + 1) * factsPerLevel)))
  return tag === "Reserved" ? Effect.succeed({ _tag: tag, at, levels }) : tag === "Refused" ? Effect.succeed({ _tag: tag, levels }) : unreadable
}

/** Where the braces of a tenant's name would end the hash tag, they are written otherwise. */
const tagged = (prefix: string, group: string): string => `${prefix}{${encodeURIComponent(group) || "%"}}:`

/** A store over a connection. */
export const make = (redis: Redis.Redis["Service"], { now, prefix, timeoutMs }: Options): LimitStore["Service"] => {
  const rate = (group: string, key: string): string => `${tagged(prefix, group)}rate:${key}`
  const held = (group: string, key: string): ReadonlyArray<string> => [`${tagged(prefix, group)}held:${key}`, `${tagged(prefix, group)}times:${key}`]
  const keysOf = (group: string, windows: ReadonlyArray<{ readonly _tag: "Rate" | "Held"; readonly key: string }>): ReadonlyArray<string> =>
    windows.flatMap(({ _tag, key }) => _tag === "Rate" ? [rate(group, key)] : held(group, key))

  const run = (script: typeof scripts.reserve, keys: ReadonlyArray<string>, message: object): Effect.Effect<unknown, LimitStoreFailed> =>
    redis.eval(script)(keys, JSON.stringify(now === undefined ? message : { ...message, now: now() })).pipe(
      Effect.mapError(({ cause }) => new LimitStoreFailed({ reason: cause instanceof Error ? cause.message : String(cause) })),
      Effect.timeoutOrElse({ duration: timeoutMs, orElse: () => new LimitStoreFailed({ reason: `Redis did not answer within ${timeoutMs} ms` }) })
    )

  const withSlots = <W extends { readonly _tag: string }>(window: W): W =>
    "windowMs" in window ? { ...window, slotMs: slotMs(Number(window.windowMs)) } : window

  return {
    reserve: (message) =>
      Effect.flatMap(
        run(scripts.reserve, keysOf(message.group, message.windows), { ...message, windows: message.windows.map(withSlots) }),
        (reply) => answerOf(reply, message.windows.map(({ key }) => key))
      ),
    settle: (message) =>
      Effect.asVoid(run(scripts.settle, keysOf(message.group, message.corrections), { ...message, corrections: message.corrections.map(withSlots) })),
    renew: (message) =>
      message.holds.length === 0 ? Effect.void : Effect.asVoid(run(scripts.renew, message.holds.flatMap(({ key }) => held(message.group, key)), message))
  }
}

/** The store over the Redis that is provided. */
export const layer = (options: Partial<Options> = {}): Layer.Layer<LimitStore, never, Redis.Redis> =>
  Layer.effect(LimitStore, Effect.map(Redis.Redis, (redis) => LimitStore.of(make(redis, { ...defaultOptions, ...options }))))
