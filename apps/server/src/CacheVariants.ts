/**
 * What tells requests to the cache apart beside what they ask: the facts that configured rules go by when they change attempts or answers,
 * and the rules themselves, so that an answer made under other rules is not given again. Pure.
 */
import type { ExchangeContext } from "@sluice/gateway/Extension"
import type { Config } from "./Config.ts"

interface When {
  readonly models?: ReadonlyArray<string>
  readonly dialects?: ReadonlyArray<string>
  readonly principals?: ReadonlyArray<string>
  readonly tenants?: ReadonlyArray<string>
  readonly headers?: { readonly [name: string]: string }
}

/** The facts of an exchange that matter under a configuration. */
export const of = ({ extensions }: Config): (context: ExchangeContext) => ReadonlyArray<string> => {
  const { guardrail, headers = [], maxTokens = [], payload = [], systemPrompt = [] } = extensions
  const answers = (guardrail?.rules ?? []).filter(({ on }) => on === undefined || on.includes("answer"))
  const rules = [answers, headers.filter(({ upstream }) => upstream !== undefined), maxTokens, payload, systemPrompt]
  const conditions = rules.flat().flatMap(({ when }): ReadonlyArray<When> => when === undefined ? [] : [when])
  const stated = (key: keyof When): boolean => conditions.some((condition) => condition[key] !== undefined)
  const [byModel, byDialect, byPrincipal, byTenant] = [stated("models"), stated("dialects"), stated("principals"), stated("tenants")]
  const names = [...new Set(conditions.flatMap((condition) => Object.keys(condition.headers ?? {}).map((name) => name.toLowerCase())))].toSorted()
  const made = JSON.stringify(rules)
  return ({ header, inbound, model, principal }) => [
    made,
    byModel ? model : "",
    byDialect ? inbound : "",
    byPrincipal ? principal.id : "",
    byTenant ? principal.tenant ?? "" : "",
    ...names.map((name) => header(name) ?? "")
  ]
}
