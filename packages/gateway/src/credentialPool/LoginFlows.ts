/**
 * The logins that run, by their state: bounded in number and time, each asked as seldom as its provider wants, and finished once. What a
 * browser brings back is taken for a login that waits for it, and for no other.
 */
import { present } from "@sluice/protocol/Json"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { type CredentialError, forGood } from "../credentials/CredentialError.ts"
import type { CallbackParameters, CredentialProvider, LoginProgress, StartedLogin } from "../credentials/CredentialProvider.ts"
import type { Login } from "../credentials/Credentials.ts"
import type { Place } from "../credentials/CredentialStore.ts"
import type { Material } from "../credentials/Material.ts"

/** What is logged into. */
export interface Target {
  readonly place: Place
  readonly like: string | undefined
  readonly from: CredentialProvider
}

/** Keeps what a login gave. */
export type Save = (target: Target, material: Material) => Effect.Effect<void, CredentialError>

/** The logins of one gateway. */
export interface LoginFlows {
  readonly start: (target: Target, kind: StartedLogin["kind"], redirectUrl: string | undefined) => Effect.Effect<Login, CredentialError>
  readonly poll: (state: string) => Effect.Effect<Login, CredentialError>
  readonly complete: (callback: CallbackParameters) => Effect.Effect<Login, CredentialError>
}

interface Flow {
  readonly target: Target
  login: StartedLogin
  progress: Login["progress"]
  reason: string | undefined
  nextPollAt: number
  isBusy: boolean
}

/** A login that nobody finishes is forgotten after this, whatever its provider says. */
const longestMs = 30 * 60_000

/** Between polls of a provider that does not answer, at most. */
const slowestMs = 60_000

const viewOf = ({ login: { expiresAt, kind, pollEveryMs, state, url, userCode }, progress, reason, target }: Flow): Login => ({
  ...target.place,
  kind,
  state,
  url,
  expiresAt,
  pollEveryMs,
  progress,
  ...present({ userCode, reason })
})

const unknown = forGood("unknown_login", "This login is not known here: it was never begun, or its time is over. Begin again.")
const tooMany = (most: number) => forGood("too_many_logins", `${most} logins are running already: finish them, or wait until their time is over.`)

/** A fault of a source ends its login, and nothing else. */
const guarded = <A>(effect: Effect.Effect<A, CredentialError>): Effect.Effect<A, CredentialError> =>
  Effect.catchDefect(
    effect,
    (defect) =>
      Effect.andThen(
        Effect.logError("A source of credentials failed by a fault", defect),
        Effect.fail(forGood("fault", "The login failed by a fault; the log says more."))
      )
  )

/** No logins yet; at most `most` run at the same time. */
export const make = (save: Save, most: number): LoginFlows => {
  const flows = new Map<string, Flow>()

  const end = (flow: Flow, progress: "success" | "error", reason?: string) => {
    flow.progress = progress
    flow.reason = reason
  }

  /** Whoever asks late still learns how it ended, as long as there is room. */
  const makeRoom = (now: number): boolean => {
    for (const [state, { login }] of flows) if (now >= login.expiresAt) flows.delete(state)
    for (const [state, { progress }] of flows) if (flows.size >= most && progress !== "pending") flows.delete(state)
    return flows.size < most
  }

  const settle = (flow: Flow, progress: LoginProgress): Effect.Effect<void> => {
    switch (progress._tag) {
      case "Pending":
        return Effect.sync(() => {
          flow.login = { ...flow.login, pollEveryMs: progress.pollEveryMs }
        })
      case "Error":
        return Effect.sync(() => end(flow, "error", progress.reason))
      case "Success":
        return Effect.match(save(flow.target, progress.material), {
          onSuccess: () => end(flow, "success"),
          onFailure: ({ message }) => end(flow, "error", `The login succeeded, and could not be kept: ${message}`)
        })
    }
  }

  /** What may pass is asked again, more and more seldom. */
  const later = (flow: Flow, { isTemporary, message }: CredentialError) => {
    if (!isTemporary) return end(flow, "error", message)
    flow.login = { ...flow.login, pollEveryMs: Math.min(slowestMs, flow.login.pollEveryMs * 2) }
  }

  /**
   * One question at a time; who asks meanwhile sees how it stands. It goes on when whoever asked leaves: a code that was sent is used,
   * and what comes for it must not be lost.
   */
  const ask = (flow: Flow, callback: CallbackParameters | undefined): Effect.Effect<Login> =>
    Effect.suspend(() => {
      flow.isBusy = true
      return guarded(flow.target.from.pollLogin(flow.login, callback)).pipe(
        Effect.flatMap((progress) => settle(flow, progress)),
        Effect.catch((error) => Effect.sync(() => later(flow, error))),
        Effect.andThen(Clock.currentTimeMillis),
        Effect.map((now) => {
          flow.nextPollAt = now + flow.login.pollEveryMs
          return viewOf(flow)
        }),
        Effect.ensuring(Effect.sync(() => void (flow.isBusy = false))),
        Effect.forkDetach({ startImmediately: true }),
        Effect.flatMap(Fiber.join)
      )
    })

  return {
    start: Effect.fnUntraced(function*(target, kind, redirectUrl) {
      const now = yield* Clock.currentTimeMillis
      if (!makeRoom(now)) return yield* tooMany(most)
      const begun = yield* guarded(target.from.startLogin(kind, present({ redirectUrl })))
      const login = { ...begun, expiresAt: Math.min(begun.expiresAt, now + longestMs) }
      const flow: Flow = { target, login, progress: "pending", reason: undefined, nextPollAt: now + login.pollEveryMs, isBusy: false }
      flows.set(login.state, flow)
      return viewOf(flow)
    }),
    poll: Effect.fnUntraced(function*(state) {
      const flow = flows.get(state)
      if (flow === undefined) return yield* unknown
      const now = yield* Clock.currentTimeMillis
      if (flow.progress !== "pending" || flow.isBusy) return viewOf(flow)
      if (now >= flow.login.expiresAt) end(flow, "error", "Nobody finished the login in time: begin again.")
      return flow.progress !== "pending" || now < flow.nextPollAt ? viewOf(flow) : yield* ask(flow, undefined)
    }),
    complete: Effect.fnUntraced(function*(callback) {
      const flow = callback.state === undefined ? undefined : flows.get(callback.state)
      const now = yield* Clock.currentTimeMillis
      if (flow === undefined || flow.login.kind !== "pkce" || now >= flow.login.expiresAt) return yield* unknown
      if (flow.progress !== "pending" || flow.isBusy) {
        return yield* forGood("already_used", "The browser came back from this login before: begin again if it failed.")
      }
      return yield* ask(flow, callback)
    })
  }
}
