/**
 * The name of one configured provider, as routes, ledger rows, headers and the pass-through path carry it.
 * It names an entry of the configuration ("openai", "azure-eu"), not a vendor and not a dialect.
 */
import * as Schema from "effect/Schema"

/** Letters, digits, `.`, `_` and `-`, beginning with a letter or digit, at most 64: it must fit a URL segment and a header value unescaped. */
export const ProviderId = Schema.String.check(
  Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
    message: "a provider id is 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit"
  })
).pipe(Schema.brand("ProviderId"))

/** A provider id that was checked; make one with `ProviderId.make("openai")`, which throws on a malformed text. */
export type ProviderId = typeof ProviderId.Type
