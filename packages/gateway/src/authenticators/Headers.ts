/**
 * Takes the word of a proxy that has found out who is asking and says so in headers. Only what comes from a listed address is
 * believed, which is the other end of the connection and never what a header says of it; to everybody else these headers mean
 * nothing. The proxy must overwrite them, not add to them.
 *
 * @example
 * Authenticator.chain(Headers.scheme({ from: ["10.0.0.0/8"], names: { id: "x-user", tenant: "x-org", roles: "x-groups" } }))
 */
import { fail } from "@sluice/protocol/GatewayError"
import * as Json from "@sluice/protocol/Json"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as IpNetwork from "effect/net/IpNetwork"
import * as NetAddress from "effect/net/NetAddress"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Place } from "../ApiKeys.ts"
import * as Authenticator from "../Authenticator.ts"
import * as PrincipalMemory from "../internal/principalMemory.ts"
import type { Principal } from "../Principal.ts"

/** Which header says what. Lists have commas between their members. */
export interface HeaderNames {
  readonly id: string
  readonly tenant?: string
  readonly team?: string
  readonly roles?: string
  /** Names or globs of models. Where it is named, a request without it may use none. */
  readonly models?: string
  /** Attributes of the principal, each from a header. */
  readonly attributes?: { readonly [attribute: string]: string }
}

/** Whose word is taken. */
export interface Options extends Place {
  /** Addresses and networks (`10.0.0.0/8`, `::1`) of the proxies. */
  readonly from: ReadonlyArray<string>
  readonly names: HeaderNames
  /** What stands before a principal's id, so that it is nobody's whom another scheme knows. Default: the scheme's id and a colon. */
  readonly prefix?: string
}

/** A proxy's address is none. */
export class HeadersError extends Schema.TaggedError<HeadersError>()("HeadersError", { address: Schema.String }) {
  override get message(): string {
    return `"${this.address}" is neither an address nor a network`
  }
}

/** Principals that are remembered, at most. */
const remembered = 10_000

const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

/** An IPv4 address is the same where it is written as an IPv6 one, as sockets of both kinds do. */
const plain = (address: string): string => mapped.exec(address)?.[1] ?? address.replace(/%.*$/, "")

/** The network a text names; an address is a network of one. */
export const network = (text: string): Result.Result<IpNetwork.IpNetwork, HeadersError> => {
  const address = plain(text)
  const single = `${address}/${address.includes(":") ? 128 : 32}`
  return Result.mapError(IpNetwork.fromString(text.includes("/") ? text : single), () => new HeadersError({ address: text }))
}

const lower = (name: string | undefined): string | undefined => name?.toLowerCase()

const lowered = ({ attributes, id, models, roles, team, tenant }: HeaderNames): HeaderNames =>
  Json.present({
    id: id.toLowerCase(),
    tenant: lower(tenant),
    team: lower(team),
    roles: lower(roles),
    models: lower(models),
    attributes: attributes === undefined
      ? undefined
      : Object.fromEntries(Object.entries(attributes).map(([attribute, name]) => [attribute, name.toLowerCase()]))
  })

const refused = (header: string) =>
  fail({ class: "unauthenticated", message: `The header "${header}" does not say one thing; the proxy must overwrite it.`, code: "invalid_proxy_header" })

const list = (value: string): ReadonlyArray<string> => value.split(",").map((item) => item.trim()).filter((item) => item !== "")

/** The principal that headers speak of; else the header that says several things where it must say one. */
const principalOf = (headers: Authenticator.Presented["headers"], names: HeaderNames, id: string): Result.Result<Principal, string> => {
  const single = [names.tenant, names.team, ...Object.values(names.attributes ?? {})]
  // A comma is where a proxy has added its own value behind that of the client
  const double = [names.id, ...single].find((name) => name !== undefined && headers[name]?.includes(",") === true)
  if (double !== undefined) return Result.fail(double)
  const said = (name: string | undefined): string | undefined => {
    const value = name === undefined ? undefined : headers[name]?.trim()
    return value === "" ? undefined : value
  }
  const all = (name: string | undefined): ReadonlyArray<string> | undefined => {
    const value = said(name)
    return value === undefined ? undefined : list(value)
  }
  const attributes = Object.entries(names.attributes ?? {}).flatMap(([attribute, name]) => {
    const value = said(name)
    return value === undefined ? [] : [[attribute, value] as const]
  })
  return Result.succeed({
    id,
    ...Json.present({
      tenant: said(names.tenant),
      team: said(names.team),
      roles: all(names.roles),
      models: all(names.models) ?? (names.models === undefined ? undefined : []),
      attributes: attributes.length === 0 ? undefined : Object.fromEntries(attributes)
    })
  })
}

/** Knows the callers a trusted proxy names, as a scheme of a chain. */
export const scheme = (options: Options): Layer.Layer<never, HeadersError, Authenticator.Schemes> =>
  Layer.effectDiscard(Effect.gen(function*() {
    const networks = yield* Effect.fromResult(Result.all(options.from.map(network)))
    const { exclusive, id = "headers", priority } = options
    const names = lowered(options.names)
    const prefix = options.prefix ?? `${id}:`
    const same = PrincipalMemory.make(remembered)
    const isTrusted = (address: string): boolean =>
      Result.match(NetAddress.ipFromString(plain(address)), {
        onFailure: () => false,
        onSuccess: (found) => networks.some((network) => IpNetwork.contains(network, found))
      })
    const authenticate: Authenticator.Scheme["authenticate"] = ({ address, headers }) => {
      const who = headers[names.id]?.trim()
      if (who === undefined || who === "" || address === undefined || !isTrusted(address)) return Effect.succeedNone
      const found = principalOf(headers, names, `${prefix}${who}`)
      return Result.isSuccess(found) ? Effect.succeedSome(same(found.success)) : refused(found.failure)
    }
    yield* Authenticator.Schemes.use((schemes) => schemes.register(Json.present({ id, priority, exclusive, authenticate })))
  }))
