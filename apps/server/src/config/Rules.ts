/**
 * What must hold between the keys of a configuration and cannot be said by the schema of one key.
 * Every rule gives its problems; none stops the others.
 */
import * as ModelRegistry from "@sluice/gateway/ModelRegistry"
import { Option, Redacted, Result } from "effect"
import { isIPv4 } from "node:net"
import type { Problem } from "./ConfigError.ts"
import { problem } from "./ConfigError.ts"
import type { Config } from "./ConfigSchema.ts"
import { toModelRegistry } from "./ModelRoutes.ts"
import { notInThisVersion } from "./NotInThisVersion.ts"

/** All problems of a decoded configuration. */
export const ruleProblems = (config: Config): ReadonlyArray<Problem> => [
  ...openOnLoopbackOnly(config),
  ...atLeastOne(config),
  ...duplicates(config),
  ...providersReachable(config),
  ...headersSendable(config),
  ...modelsServable(config),
  ...notInThisVersion(config)
]

/** Whether an address is reached from this machine only. */
export const isLoopback = (host: string): boolean => host.toLowerCase() === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."))

// internal

const openOnLoopbackOnly = ({ auth, server }: Config): ReadonlyArray<Problem> =>
  auth.mode === "open" && !isLoopback(server.host)
    ? [problem(["auth", "mode"], `open is refused on ${server.host}: anybody who can reach it could spend your keys; use mode keys, or listen on 127.0.0.1`)]
    : []

const atLeastOne = (config: Config): ReadonlyArray<Problem> =>
  (["providers", "models"] as const).filter((key) => config[key].length === 0).map((key) => problem([key], "needs at least one entry"))

const duplicates = (config: Config): ReadonlyArray<Problem> => [
  ...repeated(config.providers.map((provider) => provider.id)).map((at) => problem(["providers", at, "id"], "another provider has this id")),
  ...config.providers.flatMap((provider, index) =>
    repeated(provider.credentials.map((credential) => credential.id)).map((at) =>
      problem(["providers", index, "credentials", at, "id"], "another credential of the provider has this id")
    )
  ),
  ...repeated(config.keys.map((key) => key.id)).map((at) => problem(["keys", at, "id"], "another key has this id")),
  ...repeated(config.keys.map((key) => Redacted.value(key.key))).map((at) =>
    problem(["keys", at, "key"], "another entry has the same key: it would not be clear who is asking")
  )
]

/** The indexes of values that stood in the list before. */
const repeated = (values: ReadonlyArray<string>): ReadonlyArray<number> => values.flatMap((value, at) => values.indexOf(value) < at ? [at] : [])

const providersReachable = ({ providers }: Config): ReadonlyArray<Problem> =>
  providers.flatMap((provider, index) => {
    if (provider.simulator) {
      return provider.baseUrl === undefined
        ? []
        : [problem(["providers", index, "baseUrl"], "the simulator has no base URL; leave it out, or turn the simulator off")]
    }
    return provider.baseUrl === undefined ? [problem(["providers", index, "baseUrl"], "is missing")] : []
  })

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

const modelsServable = (config: Config): ReadonlyArray<Problem> =>
  Result.match(toModelRegistry(config), {
    onFailure: (error) => error.problems.map((found) => problem(["models", ...found.path], found.message)),
    onSuccess: (registry) =>
      config.keys.flatMap((key, index) =>
        (key.models ?? []).flatMap((model, at) =>
          model.includes("*") || Option.isSome(ModelRegistry.resolve(registry, model))
            ? []
            : [problem(["keys", index, "models", at], "no model entry serves this name")]
        )
      )
  })
