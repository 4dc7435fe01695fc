/**
 * Which of the processes that write one ledger does what is to be done once. The leader is whose session holds the leader's lock;
 * the others try to take it, every few seconds.
 */
import type * as Effect from "effect/Effect"
import type { StoreError } from "./Connection.ts"
import type { Store } from "./Store.ts"

/** Whether this process leads; where nobody does, it does from now on. */
export const claim = (store: Store): Effect.Effect<boolean, StoreError> => store.use(({ locks }) => locks.hold("leader"))
