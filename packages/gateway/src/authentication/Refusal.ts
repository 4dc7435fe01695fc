/** What callers are told who are not let in, whichever authenticator it was. None of it says what would have been right. */
import { fail, type GatewayError } from "@sluice/protocol/GatewayError"
import type { Presented } from "../Authenticator.ts"

const missing = fail({
  class: "unauthenticated",
  message: "No API key was sent. Send one the way your SDK does: Authorization: Bearer KEY, or x-api-key: KEY.",
  code: "missing_api_key"
})

const inQuery = (parameter: string): GatewayError =>
  fail({
    class: "unauthenticated",
    message:
      `The API key was sent in the address (?${parameter}=), where it is not taken: addresses end up in logs. Send it as a header (x-goog-api-key: KEY, or Authorization: Bearer KEY), or let the gateway's operator allow it (auth.queryKey: true).`,
    code: "api_key_in_query"
  })

/** Why a call without a secret is refused. */
export const withoutSecret = ({ ignored }: Pick<Presented, "ignored">): GatewayError => ignored === undefined ? missing : inQuery(ignored)

/** The secret leads to nobody. */
export const unknown = fail({ class: "unauthenticated", message: "The API key is not known here.", code: "invalid_api_key" })

/** There is nobody who could say who is asking. */
export const nobody = fail({
  class: "unauthenticated",
  message: "This gateway lets nobody in: it has no authenticator. Its operator has to add keys, tokens or another way of knowing callers.",
  code: "no_authenticator"
})

/** Who is asking could not be found out. Why is the operator's business, and in the log. */
export const undecided = fail({
  class: "unavailable",
  message: "Who is asking could not be found out at the moment. Try again.",
  retryAfterMs: 1000,
  code: "authentication_unavailable"
})
