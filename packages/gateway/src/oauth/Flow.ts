/** What both ways of logging in share: who asks, where, and what the tokens are turned into. */
import type * as Effect from "effect/Effect"
import type { CredentialError } from "../credentials/CredentialError.ts"
import type { CallbackParameters, LoginProgress, StartedLogin } from "../credentials/CredentialProvider.ts"
import type { TokenClient } from "./TokenClient.ts"

/** The client of an OAuth server, as its flows need it. */
export interface FlowContext {
  readonly ask: TokenClient
  readonly clientId: string
  readonly tokenUrl: URL
  readonly authorizeUrl?: URL
  readonly deviceUrl?: URL
  readonly redirectUrl?: string
  readonly scope: string
  /** Sent with the request that begins a login. */
  readonly parameters: { readonly [name: string]: string }
  readonly accountNames: ReadonlyArray<string>
}

/** One way to log in. */
export interface Flow {
  readonly start: (options: { readonly redirectUrl?: string }) => Effect.Effect<StartedLogin, CredentialError>
  readonly poll: (login: StartedLogin, callback: CallbackParameters | undefined) => Effect.Effect<LoginProgress, CredentialError>
}

/** A login that is over. */
export const failed = (code: string, reason: string): LoginProgress => ({ _tag: "Error", code, reason })
