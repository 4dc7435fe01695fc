/** The behaviours of the `extensions` section as parts of a generation, and what of them lasts longer than one: the store of cached answers. */
import type { CacheStore } from "@sluice/gateway/CacheStore"
import * as CacheStoreRedis from "@sluice/gateway/CacheStoreRedis"
import * as ResponseCache from "@sluice/gateway/extensions/ResponseCache"
import * as Tracer from "@sluice/gateway/extensions/Tracer"
import * as Guardrail from "@sluice/gateway/interceptors/Guardrail"
import * as HeaderRules from "@sluice/gateway/interceptors/HeaderRules"
import * as MaxTokens from "@sluice/gateway/interceptors/MaxTokens"
import * as PayloadRules from "@sluice/gateway/interceptors/PayloadRules"
import * as Redact from "@sluice/gateway/interceptors/Redact"
import * as SystemPrompt from "@sluice/gateway/interceptors/SystemPrompt"
import * as TraceFile from "@sluice/gateway/TraceFile"
import { present } from "@sluice/protocol/Json"
import { Context, Effect, Layer, Redacted } from "effect"
import { randomBytes } from "node:crypto"
import { parse } from "node:path"
import * as CacheVariants from "./CacheVariants.ts"
import { type Config, toBytes } from "./Config.ts"
import * as RedisConnection from "./RedisConnection.ts"
import type { Surroundings } from "./Surroundings.ts"

/** What is sealed and named with where nothing is configured: the same for all generations and workers of a server, another one at every start. */
class ServerSecret extends Context.Service<ServerSecret, Redacted.Redacted<string>>()("@sluice/server/BuiltIns/ServerSecret") {}

/** How much the store of cached answers keeps. */
export const bounds = ({ extensions: { cache } }: Config) => cache === undefined ? {} : { entries: cache.answers, bytes: toBytes(cache.size) }

const store = (config: Config, around: Surroundings): Layer.Layer<CacheStore, RedisConnection.RedisUnreachable> =>
  config.extensions.cache?.store === "redis" && config.redis !== undefined
    ? CacheStoreRedis.layer({ prefix: config.redis.prefix, ...bounds(config) }).pipe(Layer.provide(RedisConnection.layer(config.redis.url)))
    : around.cacheStore(bounds(config))

/** What lasts longer than a generation. */
export const standing = (config: Config, around: Surroundings) =>
  Layer.merge(
    store(config, around),
    Layer.sync(ServerSecret, () => around.replaySecret ?? Redacted.make(randomBytes(32).toString("base64url")))
  )

/** The file of one worker: `trace.2.ndjson`. */
const fileOf = (file: string, worker: number | undefined): string => {
  if (worker === undefined) return file
  const { dir, ext, name } = parse(file)
  return `${dir === "" ? "" : `${dir}/`}${name}.${worker}${ext}`
}

const cache = (config: Config) => {
  const { cache } = config.extensions
  return cache === undefined ? Layer.empty : Layer.unwrap(ServerSecret.use((secret) =>
    Effect.succeed(ResponseCache.layer({
      ttl: cache.ttl,
      wait: cache.wait,
      scope: cache.scope,
      maxAnswerBytes: toBytes(cache.answer),
      secret: cache.key ?? secret,
      vary: CacheVariants.of(config),
      ...present({ when: cache.when })
    }))
  ))
}

const redact = ({ extensions: { redact } }: Config) =>
  redact === undefined ?
    Layer.empty :
    Layer.unwrap(ServerSecret.use((secret) =>
      Effect.succeed(
        Redact.layer({
          isReversible: redact.reversible,
          secret: redact.key ?? secret,
          ...present({ kinds: redact.patterns, own: redact.own, when: redact.when })
        })
      )
    ))

const guardrail = ({ extensions: { guardrail } }: Config) =>
  guardrail === undefined
    ? Layer.empty
    : Guardrail.layer({ hold: guardrail.hold, rules: guardrail.rules.map(({ patterns, ...rule }) => ({ ...rule, ...present({ kinds: patterns }) })) })

/** The parts of a generation. A behaviour that is not configured is not there. */
export const parts = (config: Config, { worker }: Surroundings) => {
  const { headers = [], maxTokens = [], payload = [], systemPrompt = [], tracer } = config.extensions
  return Layer.mergeAll(
    cache(config),
    redact(config),
    guardrail(config),
    systemPrompt.length === 0 ? Layer.empty : SystemPrompt.layer(systemPrompt),
    maxTokens.length === 0 ? Layer.empty : MaxTokens.layer(maxTokens),
    headers.length === 0 ? Layer.empty : HeaderRules.layer(headers),
    payload.length === 0 ? Layer.empty : PayloadRules.layer(payload),
    tracer === undefined ? Layer.empty : Tracer.layer({ write: TraceFile.append(fileOf(tracer.file, worker)), content: tracer.content, capacity: tracer.lines })
  )
}
