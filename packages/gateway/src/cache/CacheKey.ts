/**
 * What two requests must have in common to be given the same answer: who asks, where it would go, and everything that is asked, whatever
 * the order of keys, the protocol and whether it is to be streamed. Pure text, to be hashed. And which requests have no such answer.
 */
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import { bare } from "@sluice/protocol/Equality"
import { isObject, jsonKeys } from "@sluice/protocol/Wire"
import type { ExchangeContext } from "../Extension.ts"

/** Whose answers are shared: those of one key, or those of all keys of a tenant. */
export type Scope = "principal" | "tenant"

/** Who owns an answer, as parts to be hashed. A key without a tenant shares with nobody. */
export const ownerOf = (scope: Scope, { principal }: Pick<ExchangeContext, "principal">): ReadonlyArray<string> =>
  scope === "tenant" && principal.tenant !== undefined ? ["tenant", principal.tenant] : ["principal", principal.tenant ?? "", principal.id]

/** Keys in order, so that the same value is the same text. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => a < b ? -1 : a > b ? 1 : 0).map(([key, inner]) => [key, sorted(inner)]))
}

/** What nodes carry that no canonical word stands for: sent to providers of the same protocol, so part of what is asked. */
const foreign = (node: unknown, place: string, into: Array<unknown>): void => {
  if (Array.isArray(node)) return node.forEach((inner, index) => foreign(inner, `${place}/${index}`, into))
  if (typeof node !== "object" || node === null) return
  const wire: unknown = Reflect.get(node, "wire")
  const names: unknown = Reflect.get(node, "foreign")
  if (isObject(wire) && isObject(wire["value"]) && Array.isArray(names)) {
    for (const name of names) into.push([place, wire["dialect"], String(name), sorted(wire["value"][String(name)])])
  }
  for (const [key, inner] of Object.entries(node)) if (key !== "wire" && !jsonKeys.has(key)) foreign(inner, `${place}/${key}`, into)
}

/** How an answer travels is no part of what is asked, and neither is the name by which its model is called here. */
const asked = ({ model: _, stream: __, streamOptions: ___, ...request }: CanonicalRequest): unknown => sorted(bare(request))

/** What the request is, as parts to be hashed; `undefined` where there is nothing yet to tell apart where it would go. */
export const partsOf = (request: CanonicalRequest, { operation, targets }: Pick<ExchangeContext, "operation" | "targets">): ReadonlyArray<string> => {
  const others: Array<unknown> = []
  foreign(request, "", others)
  const places = targets.map(({ model, provider }) => `${provider}/${model}`).toSorted()
  return [operation, JSON.stringify(places), JSON.stringify(asked(request)), JSON.stringify(others)]
}

/** Whether asking again does nothing but answer: what changes something at the provider, or runs there for long, must be asked each time. */
export const isRepeatable = ({ background, container, conversation, mcpServers }: CanonicalRequest): boolean =>
  background !== true && container === undefined && conversation === undefined && (mcpServers ?? []).length === 0
