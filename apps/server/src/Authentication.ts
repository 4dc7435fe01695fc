/**
 * Who may use the server: everybody, or whom the configuration knows by keys (its own and those in its ledger's database), by tokens of
 * identity providers, or by the headers of a proxy; asked in this order.
 */
import * as ApiKeys from "@sluice/gateway/ApiKeys"
import * as Authenticator from "@sluice/gateway/Authenticator"
import * as Headers from "@sluice/gateway/authenticators/Headers"
import * as Jwt from "@sluice/gateway/authenticators/Jwt"
import { KeyStore } from "@sluice/gateway/KeyStore"
import * as VirtualKeys from "@sluice/gateway/VirtualKeys"
import { present } from "@sluice/protocol/Json"
import { Effect, Layer, Option } from "effect"
import { type Config, issuerId, toApiKeys } from "./Config.ts"
import * as KeySecret from "./KeySecret.ts"

const priorities = { keys: 2, jwt: 1, headers: 0 }

/** Stored keys are known where there is a store of them around it. */
const keys = (config: Config) => {
  const place = { id: "keys", priority: priorities.keys, exclusive: config.auth.exclusive === "keys" }
  return Layer.unwrap(Effect.gen(function*() {
    const store = yield* Effect.serviceOption(KeyStore)
    if (Option.isNone(store)) return ApiKeys.scheme(toApiKeys(config), place)
    const options = { keys: toApiKeys(config), freshFor: config.auth.keysFreshFor, pepper: yield* KeySecret.watched(config) }
    return VirtualKeys.scheme(options, place).pipe(Layer.provide(Layer.succeed(KeyStore)(store.value)))
  }))
}

const tokens = ({ auth }: Config) =>
  auth.jwt.map(({ private: isPrivate, proxy, ...issuer }) =>
    Jwt.scheme({
      ...issuer,
      id: issuerId(issuer),
      priority: priorities.jwt,
      exclusive: auth.exclusive === issuerId(issuer),
      ...(isPrivate || proxy !== undefined ? { connection: present({ egress: { private: isPrivate }, proxy }) } : {})
    })
  )

const headers = ({ auth }: Config) => {
  if (auth.headers === undefined) return Layer.empty
  const { from, ...names } = auth.headers
  return Headers.scheme({ from, names: present(names), priority: priorities.headers, exclusive: auth.exclusive === "headers" })
}

/** The authenticator. */
export const layer = (config: Config) =>
  config.auth.mode === "open"
    ? ApiKeys.layerOpen
    : Authenticator.chain(Layer.mergeAll(config.auth.mode === "keys" ? keys(config) : Layer.empty, headers(config), ...tokens(config)))
