/**
 * Material in and out of the store: sealed on the way in, opened on the way out, with the version a record is bound to. What the store
 * cannot do now is a temporary failure; what cannot be opened is one for good, said in words for an operator.
 */
import { present } from "@sluice/protocol/Json"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import { type CredentialError, forGood, temporary } from "../credentials/CredentialError.ts"
import type { CredentialSeal } from "../credentials/CredentialSeal.ts"
import type { CredentialStore, CredentialStoreUnavailable, Place, StoredCredential } from "../credentials/CredentialStore.ts"
import { fromText, type Material, type Stored, toText } from "../credentials/Material.ts"

/** Why nothing can be sealed or opened. */
export interface SealUnavailable {
  readonly message: string
}

/** Reads and writes material. */
export interface Records {
  /** Whether anything can be sealed: asked before something is had that must not be lost. */
  readonly ready: Effect.Effect<void, CredentialError>
  readonly open: (record: StoredCredential) => Effect.Effect<Stored, CredentialError>
  readonly close: (
    place: Place,
    version: number,
    stored: { readonly material: Material; readonly like?: string | undefined }
  ) => Effect.Effect<StoredCredential, CredentialError>
  /** Writes in the place of a version; what does not work is tried again for a moment. False = another version is there. */
  readonly write: (record: StoredCredential, after: number | undefined) => Effect.Effect<boolean, CredentialError>
  /** Writes in the place of whatever is there. */
  readonly save: (place: Place, stored: { readonly material: Material; readonly like?: string | undefined }) => Effect.Effect<StoredCredential, CredentialError>
}

/** What a store cannot do now, it may do later. */
export const unavailable = ({ message }: CredentialStoreUnavailable): CredentialError => temporary(message)

/** Versions of a new record begin anywhere in here, and grow by one: a record that is made anew does not look like the one that was removed. */
const firstVersions = 2 ** 40

/** Seconds of patience with a store, for what must not be lost. */
const again = Schedule.exponential("50 millis").pipe(Schedule.upTo({ times: 5 }))

/** Over one store, and a seal that is asked for when it is needed. */
export const make = (store: CredentialStore["Service"], seal: Effect.Effect<CredentialSeal, SealUnavailable>): Records => {
  const sealed = Effect.mapError(seal, ({ message }) => forGood("no_secret", message))

  const open: Records["open"] = (record) =>
    Effect.flatMap(sealed, ({ open }) =>
      Effect.fromResult(open(record, record.sealed)).pipe(
        Effect.mapError((reason) =>
          forGood("unreadable", `The stored credential "${record.id}" of the provider "${record.provider}" cannot be read: ${reason}.`)
        ),
        Effect.flatMap((text) =>
          Option.match(fromText(text), {
            onNone: () =>
              Effect.fail(
                forGood("unreadable", `The stored credential "${record.id}" of the provider "${record.provider}" is of another version: log in again.`)
              ),
            onSome: (stored) => Effect.succeed(stored)
          })
        )
      ))

  const close: Records["close"] = (place, version, { like, material }) =>
    Effect.gen(function*() {
      const { close } = yield* sealed
      const { id, provider } = place
      const updatedAt = yield* Clock.currentTimeMillis
      return { provider, id, version, sealed: close({ provider, id, version }, toText({ material, ...present({ like }) })), updatedAt }
    })

  const write: Records["write"] = (record, after) => store.write(record, after).pipe(Effect.retry(again), Effect.mapError(unavailable))

  const save: Records["save"] = Effect.fnUntraced(function*(place, stored) {
    for (let tries = 0; tries < 5; tries++) {
      const before = yield* Effect.mapError(store.find(place), unavailable)
      const version = before === undefined ? yield* Random.nextIntBetween(1, firstVersions) : before.version + 1
      const record = yield* close(place, version, stored)
      if (yield* write(record, before?.version)) return record
    }
    return yield* temporary("Others keep changing the stored credential: try again.")
  })

  return { ready: Effect.asVoid(sealed), open, close, write, save }
}
