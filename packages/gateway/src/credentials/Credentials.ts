/**
 * The pools of credentials by provider, kept alive: logins are stored sealed, refreshed ahead of their end by one process of all, and
 * shown as values that hold their secret only at the moment of an attempt. What logs in, refreshes and stores are ports; what is
 * configured may change while everything else goes on.
 *
 * @example
 * const credentials = yield* Credentials
 * HttpExecutor.layer({ id: "anthropic", dialect, credentials: credentials.pool("anthropic") })
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { randomUUID } from "node:crypto"
import type { Credential, Credentials as Pool } from "../Credential.ts"
import * as Due from "../credentialPool/Due.ts"
import { statusOf, valueOf } from "../credentialPool/Kept.ts"
import * as LoginFlows from "../credentialPool/LoginFlows.ts"
import * as Pools from "../credentialPool/Pools.ts"
import * as Records from "../credentialPool/Records.ts"
import * as Refreshing from "../credentialPool/Refreshing.ts"
import * as Target from "../credentialPool/Target.ts"
import * as Upkeep from "../credentialPool/Upkeep.ts"
import { type CredentialError, forGood } from "./CredentialError.ts"
import type { CallbackParameters, ConfiguredCredential, LoginKind } from "./CredentialProvider.ts"
import type { CredentialSeal } from "./CredentialSeal.ts"
import type { CredentialStatus } from "./CredentialStatus.ts"
import { CredentialStore, type Place } from "./CredentialStore.ts"

/** A login that was begun, as its person and whoever helps him see it. Times are milliseconds since the epoch. */
export interface Login extends Place {
  readonly kind: LoginKind
  /** Names the login in what is asked of it later. */
  readonly state: string
  /** The page for the person. */
  readonly url: string
  /** What the person types there. */
  readonly userCode?: string
  readonly expiresAt: number
  /** How long to wait before asking again, in milliseconds. */
  readonly pollEveryMs: number
  readonly progress: "pending" | "success" | "error"
  /** Why it failed, in our own words. */
  readonly reason?: string
}

/** What is to be logged into. */
export interface LoginRequest {
  readonly provider: string
  /** The configured credential, or a new id beside it; absent = the only one of the provider that is logged into. */
  readonly id?: string
  /** The configured credential whose client a new id uses; absent = the only one. */
  readonly like?: string
  /** Absent = the first way there is. */
  readonly kind?: LoginKind
  /** Where the browser comes back to, where that is not configured. */
  readonly redirectUrl?: string
}

/** Keeps the credentials. */
export class Credentials extends Context.Service<Credentials, {
  /** The credentials of a provider as they are now; the same list until something changes. Empty for one that is not known. */
  readonly current: (provider: string) => ReadonlyArray<Credential>
  /** The same, for an executor. */
  readonly pool: (provider: string) => Pool
  /** All credentials, by provider and id, without secrets. */
  readonly status: () => ReadonlyArray<CredentialStatus>
  /** Takes what is configured now in the place of what was. Credentials that stay keep their state. */
  readonly configure: (credentials: ReadonlyArray<ConfiguredCredential>) => Effect.Effect<void>
  /** Adds credentials until the scope closes. Where several say something of one, the latest holds, and those that were added before the rest. */
  readonly add: (credentials: ReadonlyArray<ConfiguredCredential>) => Effect.Effect<void, never, Scope.Scope>
  /** Looks what other processes have stored. Happens by itself every few seconds. */
  readonly rescan: Effect.Effect<void>
  /** Refreshes now, with whoever is at it already. Says whether there is something new. */
  readonly refresh: (place: Place) => Effect.Effect<boolean, CredentialError>
  /** Stores the content of a credential file that another program wrote. */
  readonly importFile: (place: Place & { readonly like?: string; readonly text: string }) => Effect.Effect<CredentialStatus, CredentialError>
  /** Forgets what is stored; what is configured is logged out then. False where nothing was stored. */
  readonly remove: (place: Place) => Effect.Effect<boolean, CredentialError>
  /** Begins a login. */
  readonly startLogin: (request: LoginRequest) => Effect.Effect<Login, CredentialError>
  /** How a login stands. Asks the provider when its time has come, however often it is called. */
  readonly pollLogin: (state: string) => Effect.Effect<Login, CredentialError>
  /** Takes what a browser brought back. A plain function for a route: it needs no session, because nobody else knows the state. */
  readonly completeLogin: (callback: CallbackParameters) => Effect.Effect<Login, CredentialError>
}>()("@sluice/gateway/credentials/Credentials") {}

/** How the pools are kept. Times are milliseconds. */
export interface Options extends Partial<Due.Timing> {
  /** What records are sealed with, asked for when one is read or written: `CredentialSeal.make`. */
  readonly seal: Effect.Effect<CredentialSeal, { readonly message: string }>
  /** What is configured at the start. */
  readonly credentials?: ReadonlyArray<ConfiguredCredential>
  /** Logins that may run at the same time. Default 32. */
  readonly logins?: number
  /** False = nothing is refreshed, read again or looked for by itself: for a command beside a server. Default true. */
  readonly upkeep?: boolean
}

const unknown = ({ id, provider }: Place) => forGood("unknown_credential", `The provider "${provider}" has no credential with the id "${id}".`)

/** The pools, over a store. A gateway with them around it adds what its parts have registered (`CredentialProvider.layer`). */
export const layer = (options: Options): Layer.Layer<Credentials, never, CredentialStore> =>
  Layer.effect(
    Credentials,
    Effect.gen(function*() {
      const store = yield* CredentialStore
      const clock = yield* Clock.Clock
      const { credentials: initial = [], logins = 32, seal, upkeep: isKeptUp = true, ...timings } = options
      const timing: Due.Timing = { ...Due.timing, ...timings }
      const now = () => clock.currentTimeMillisUnsafe()

      const records = Records.make(store, seal)
      const pools: Pools.Pools = Pools.make((kept, settings) => valueOf(kept, settings, now, Effect.suspend(() => Refreshing.renew(upkeep.context, kept))))
      const upkeep = yield* Upkeep.make({ pools, records, store, timing, owner: randomUUID(), isKeptUp })
      const flows = LoginFlows.make(
        ({ like, place }, material) => Effect.flatMap(records.save(place, { material, like }), upkeep.adoptRecord),
        logins
      )

      const gate = yield* Semaphore.make(1)
      let base: ReadonlyArray<ConfiguredCredential> = []
      let added: ReadonlyArray<ReadonlyArray<ConfiguredCredential>> = []
      const tell = gate.withPermit(Effect.suspend(() => upkeep.configure([base, ...added].flat())))
      const configure = (credentials: ReadonlyArray<ConfiguredCredential>) => Effect.andThen(Effect.sync(() => void (base = credentials)), tell)
      yield* configure(initial)

      const find = (place: Place) => Effect.fromNullishOr(pools.get(place)).pipe(Effect.mapError(() => unknown(place)))

      return Credentials.of({
        current: pools.current,
        pool: (provider) => ({ current: () => pools.current(provider) }),
        status: () => pools.all().map((kept) => statusOf(kept, now(), timing)),
        configure,
        add: (credentials) =>
          Effect.acquireRelease(
            Effect.andThen(Effect.sync(() => void (added = [...added, credentials])), tell),
            () => Effect.andThen(Effect.sync(() => void (added = added.filter((each) => each !== credentials))), tell)
          ),
        rescan: upkeep.rescan,
        refresh: (place) => Effect.flatMap(find(place), (kept) => Refreshing.join(upkeep.context, kept)),
        importFile: Effect.fnUntraced(function*({ text, ...request }) {
          const { like, material, place } = yield* Effect.fromResult(Target.file(pools, request, text, now()))
          yield* Effect.flatMap(records.save(place, { material, like }), upkeep.adoptRecord)
          return statusOf(yield* find(place), now(), timing)
        }),
        remove: Effect.fnUntraced(function*(place) {
          const isThere = yield* Effect.mapError(store.remove(place), Records.unavailable)
          const kept = pools.get(place)
          if (kept?.version !== undefined) yield* upkeep.forget(kept)
          return isThere
        }),
        startLogin: Effect.fnUntraced(function*({ kind, redirectUrl, ...request }) {
          const target = yield* Effect.fromResult(Target.login(pools, request))
          // Nobody is to log in for nothing
          yield* records.ready
          const [first] = target.from.logins
          return yield* flows.start(target, kind ?? first ?? "device", redirectUrl)
        }),
        pollLogin: flows.poll,
        completeLogin: flows.complete
      })
    })
  )
