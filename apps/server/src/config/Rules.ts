/**
 * What must hold between the keys of a configuration and cannot be said by the schema of one key.
 * Every rule gives its problems; none stops the others.
 */
import * as ModelRegistry from "@sluice/gateway/ModelRegistry"
import { Option, Redacted, Result } from "effect"
import { isIPv4 } from "node:net"
import { authProblems } from "./Auth.ts"
import type { Problem } from "./ConfigError.ts"
import { problem } from "./ConfigError.ts"
import type { Config } from "./ConfigSchema.ts"
import { credentialProblems } from "./Credentials.ts"
import { extensionProblems } from "./ExtensionRules.ts"
import { toBytes } from "./Fields.ts"
import { isInMemory } from "./LedgerUrl.ts"
import { limitProblems } from "./LimitSettings.ts"
import { hasDiscovery, toAliases, toModelRegistry } from "./ModelRoutes.ts"
import { notInThisVersion } from "./NotInThisVersion.ts"
import { priceProblems } from "./Prices.ts"
import { policyProblems } from "./ProviderPolicies.ts"

/** All problems of a decoded configuration. */
export const ruleProblems = (config: Config): ReadonlyArray<Problem> => [
  ...openOnLoopbackOnly(config),
  ...authProblems(config),
  ...atLeastOne(config),
  ...duplicates(config),
  ...prefixesUsed(config),
  ...signingKeyLong(config),
  ...adminGuarded(config),
  ...adminApart(config),
  ...providersReachable(config),
  ...certificatesWhole(config),
  ...credentialProblems(config),
  ...headersSendable(config),
  ...bodiesAdmissible(config),
  ...ledgerOfAllWorkers(config),
  ...replaysSealed(config),
  ...modelsServable(config),
  ...limitProblems(config),
  ...priceProblems(config),
  ...policyProblems(config.providers),
  ...extensionProblems(config),
  ...notInThisVersion(config)
]

/** Whether an address is reached from this machine only. */
export const isLoopback = (host: string): boolean => host.toLowerCase() === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."))

// internal

const openOnLoopbackOnly = ({ auth, server }: Config): ReadonlyArray<Problem> =>
  auth.mode === "open" && !isLoopback(server.host)
    ? [problem(["auth", "mode"], `open is refused on ${server.host}: anybody who can reach it could spend your keys; use mode keys, or listen on 127.0.0.1`)]
    : []

const atLeastOne = (config: Config): ReadonlyArray<Problem> => [
  ...(config.providers.length === 0 ? [problem(["providers"], "needs at least one entry")] : []),
  ...(config.models.length === 0 && !hasDiscovery(config)
    ? [problem(["models"], "needs at least one entry, unless the list of a provider is read (providers[].discovery)")]
    : [])
]

const prefixesUsed = ({ providers }: Config): ReadonlyArray<Problem> => [
  ...providers.flatMap(({ forcePrefix, prefix }, at) =>
    forcePrefix && prefix === undefined ? [problem(["providers", at, "forcePrefix"], "needs a prefix: without one its models would have no name")] : []
  ),
  ...providers.flatMap(({ prefix }, at) =>
    prefix !== undefined && providers.findIndex((other) => other.prefix === prefix) < at
      ? [problem(["providers", at, "prefix"], "another provider has this prefix")]
      : []
  )
]

/** Bytes of a token that others may try to guess. */
const shortestToken = 32

/** Who reaches the management surface can do everything the operator can. */
const adminGuarded = ({ admin, auth: { adminToken }, keys, server }: Config): ReadonlyArray<Problem> => {
  if (adminToken === undefined) return []
  const token = Redacted.value(adminToken)
  const path = ["auth", "adminToken"]
  const isReached = admin.enabled && !isLoopback(admin.port === undefined ? server.host : admin.host)
  const advice = admin.port === undefined ? ", or set admin.port to give the surface an address of its own on this machine" : ""
  return [
    ...(isReached && Buffer.byteLength(token) < shortestToken
      ? [problem(path, `is too short for a management surface that others can reach: it needs at least ${shortestToken} characters${advice}`)]
      : []),
    ...(keys.some(({ key }) => Redacted.value(key) === token) ? [problem(path, "is also a client's key: whoever has that could do everything")] : [])
  ]
}

const adminApart = ({ admin, server }: Config): ReadonlyArray<Problem> => {
  if (!admin.enabled || admin.port === undefined) return []
  const path = ["admin", "port"]
  return [
    ...(admin.port !== 0 && admin.port === server.port && admin.host === server.host
      ? [problem(path, "is the gateway's own: leave it out to serve both there")]
      : []),
    ...(admin.port === 0 && server.workers > 1 ? [problem(path, "must be said where there are several workers: each would take another one")] : [])
  ]
}

const signingKeyLong = ({ ledger: { signingKey } }: Config): ReadonlyArray<Problem> =>
  signingKey !== undefined && Redacted.value(signingKey).length < 32
    ? [problem(["ledger", "signingKey"], "is too short to prove anything: it needs at least 32 characters, such as `openssl rand -hex 32` prints")]
    : []

const duplicates = (config: Config): ReadonlyArray<Problem> => [
  ...repeated(config.providers.map((provider) => provider.id)).map((at) => problem(["providers", at, "id"], "another provider has this id")),
  ...config.providers.flatMap((provider, index) =>
    repeated(provider.credentials.map((credential) => credential.id)).map((at) =>
      problem(["providers", index, "credentials", at, "id"], "another credential of the provider has this id")
    )
  ),
  ...repeated(config.usage.webhooks.map((webhook) => webhook.id)).map((at) => problem(["usage", "webhooks", at, "id"], "another webhook has this id")),
  ...repeated(config.keys.map((key) => key.id)).map((at) => problem(["keys", at, "id"], "another key has this id")),
  ...repeated(config.keys.map((key) => Redacted.value(key.key))).map((at) =>
    problem(["keys", at, "key"], "another entry has the same key: it would not be clear who is asking")
  )
]

/** The indexes of values that stood in the list before. */
const repeated = (values: ReadonlyArray<string>): ReadonlyArray<number> => {
  const before = new Set<string>()
  return values.flatMap((value, at) => {
    const isRepeated = before.has(value)
    before.add(value)
    return isRepeated ? [at] : []
  })
}

const providersReachable = ({ providers }: Config): ReadonlyArray<Problem> =>
  providers.flatMap((provider, index) => {
    if (provider.simulator) {
      return provider.baseUrl === undefined
        ? []
        : [problem(["providers", index, "baseUrl"], "the simulator has no base URL; leave it out, or turn the simulator off")]
    }
    return provider.baseUrl === undefined ? [problem(["providers", index, "baseUrl"], "is missing")] : []
  })

const certificatesWhole = ({ providers }: Config): ReadonlyArray<Problem> =>
  providers.flatMap(({ tls }, index) =>
    tls === undefined || (tls.cert === undefined) === (tls.key === undefined)
      ? []
      : [problem(["providers", index, "tls"], "cert and key go together: one of them is missing")]
  )

// These describe the connection and the body, which the gateway writes itself: a second opinion could split one request into two
const framing = ["connection", "content-length", "expect", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"]

const headersSendable = ({ providers }: Config): ReadonlyArray<Problem> =>
  providers.flatMap((provider, index) =>
    Object.keys(provider.headers).flatMap((name) => {
      const path = ["providers", index, "headers", name]
      if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return [problem(path, "is not the name of a header")]
      return framing.includes(name.toLowerCase()) ? [problem(path, "is written by the gateway itself and cannot be set")] : []
    })
  )

const ledgerOfAllWorkers = ({ ledger, server }: Config): ReadonlyArray<Problem> =>
  server.workers > 1 && ledger.url._tag === "Sqlite" && isInMemory(ledger.url)
    ? [problem(["server", "workers"], "each worker would have a ledger of its own in its memory; keep the ledger in a file or in PostgreSQL")]
    : []

/** A body for which there is never room would be refused for ever. */
const bodiesAdmissible = ({ server: { admission, bodyLimit } }: Config): ReadonlyArray<Problem> => {
  const body = toBytes(bodyLimit)
  const shared = Math.floor(toBytes(admission.bytes) * (1 - admission.reserved / 100))
  return body <= shared
    ? []
    : [
      problem(
        ["server", "admission", "bytes"],
        `leaves room for ${shared} bytes to keys that are not interactive, but server.bodyLimit allows bodies of ${body}`
      )
    ]
}

const shortestSecret = 32

const replaysSealed = ({ ledger, redis, replay: { key, store } }: Config): ReadonlyArray<Problem> => {
  const outlives = store === "ledger" || store === "redis"
  return [
    ...(outlives && key === undefined
      ? [problem(["replay", "key"], `is missing: answers in ${store} outlive the process and must be sealed with a key that does`)]
      : []),
    ...(key !== undefined && Redacted.value(key).length < shortestSecret
      ? [problem(["replay", "key"], `must have at least ${shortestSecret} characters`)]
      : []),
    ...(store === "redis" && redis === undefined ? [problem(["replay", "store"], "needs redis.url")] : []),
    ...(store === "ledger" && isInMemory(ledger.url) ? [problem(["replay", "store"], "needs a ledger that is kept in a file or a database")] : [])
  ]
}

/** An alias that an entry gives itself is one text: whatever is wrong with it is wrong there. */
const placeOf = (config: Config, { list, path: [first, ...rest] }: ModelRegistry.ModelProblem): ReadonlyArray<PropertyKey> => {
  const place = list === "aliases" && typeof first === "number" ? toAliases(config)[first]?.place : undefined
  return place === undefined ? ["models", ...(first === undefined ? [] : [first]), ...rest] : place[0] === "aliases" ? [...place, ...rest] : place
}

const modelsServable = (config: Config): ReadonlyArray<Problem> =>
  Result.match(toModelRegistry(config), {
    onFailure: (error) => error.problems.map((found) => problem(placeOf(config, found), found.message)),
    onSuccess: (registry) =>
      hasDiscovery(config) ?
        [] :
        config.keys.flatMap((key, index) =>
          (key.models ?? []).flatMap((model, at) =>
            model.includes("*") || Option.isSome(ModelRegistry.resolve(registry, model))
              ? []
              : [problem(["keys", index, "models", at], "no model entry serves this name")]
          )
        )
  })
