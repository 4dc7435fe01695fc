/**
 * What a browser is shown when it comes back from a login: the handler of the callback as a plain function, for a route of management
 * and for the listener of `sluice login`. The page repeats nothing of what the browser brought.
 */
import { present } from "@sluice/protocol/Json"
import * as Effect from "effect/Effect"
import type { CallbackParameters } from "./CredentialProvider.ts"
import type { Credentials, Login } from "./Credentials.ts"

/** A page for a browser. */
export interface Page {
  readonly status: number
  readonly headers: { readonly [name: string]: string }
  readonly body: string
}

/** What is taken of the query of a callback. */
export const parametersOf = (query: URLSearchParams): CallbackParameters =>
  present({ state: query.get("state") ?? undefined, code: query.get("code") ?? undefined, error: query.get("error") ?? undefined })

const page = (status: number, title: string, words: string): Page => ({
  status,
  headers: {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    // The address holds a code: nobody who is linked may be told it
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"
  },
  body:
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><body style="font-family:system-ui;margin:4rem auto;max-width:40rem"><h1>${title}</h1><p>${words}</p></body></html>`
})

const pageOf = ({ progress, reason }: Login): Page =>
  progress === "success"
    ? page(200, "Logged in", "The gateway has the login. You can close this page.")
    : page(400, "Not logged in", reason ?? "The login did not succeed: begin again.")

/** Finishes the login that the browser comes back from, and says how it ended. Needs no session: nobody else knows the state. */
export const handle = (credentials: Pick<Credentials["Service"], "completeLogin">, query: URLSearchParams): Effect.Effect<Page> =>
  Effect.match(credentials.completeLogin(parametersOf(query)), {
    onSuccess: pageOf,
    onFailure: ({ message }) => page(400, "Not logged in", message)
  })
