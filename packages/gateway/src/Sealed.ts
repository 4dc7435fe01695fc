/**
 * Where the pipeline meets the memory of sealed parts: what is learnt of an answer that crosses, and what is put back into a
 * request that crosses. Whose it is comes from the exchange and the executor: principal, dialect, provider and, where it is known,
 * credential.
 */
import type { Frame } from "@sluice/protocol/CanonicalEvent"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { CredentialId } from "./Credential.ts"
import type { Exchange } from "./Exchange.ts"
import type { Executor } from "./Executor.ts"
import type { Gateway } from "./Gateway.ts"
import { lastSaid } from "./internal/sealedAnchors.ts"
import * as Collector from "./internal/sealedCollector.ts"
import * as Restore from "./internal/sealedRestore.ts"
import * as Metrics from "./Metrics.ts"

/** Is shown every frame of an answer; absent where the client carries what is sealed itself. */
export type Learn = ((frame: Frame) => void) | undefined

/** Where the memory is. */
type Around = Pick<Gateway, "continuity">

/** Who asks, and with which credential the answer was had. */
type Asking = Pick<Exchange, "principal"> & { readonly current?: { readonly credential?: CredentialId | undefined } | undefined }

/** Who is asked. */
interface Asked {
  readonly id: Executor["id"]
  readonly dialect: Pick<Executor["dialect"], "id">
}

// As JSON, so that no id can be read as the end of another
const scopeOf = ({ principal }: Asking, { dialect, id }: Asked): string => JSON.stringify([dialect.id, id, principal.tenant ?? null, principal.id])

/** Whether anything is remembered of answers this provider gave to whoever asks. */
export const hasMemory = (gateway: Around, exchange: Asking, executor: Asked): boolean => gateway.continuity.has(scopeOf(exchange, executor))

/** Learns what is sealed of an answer to a request that crossed; it is kept when the answer is whole. */
export const learner = (gateway: Around, exchange: Asking, executor: Asked, crossed: CanonicalRequest | undefined): Learn => {
  if (crossed === undefined) return undefined
  const collector = Collector.make(executor.dialect.id)
  return ({ events }) => {
    collector.add(events)
    if (!events.some(({ type }) => type === "end")) return
    const credential = exchange.current?.credential
    for (const { answer, keys } of collector.collected(lastSaid(crossed.turns))) {
      gateway.continuity.remember(scopeOf(exchange, executor), keys, credential === undefined ? answer : { ...answer, credential })
    }
  }
}

/** A request with what is remembered of the answers in it, but for what was made with another credential, which may not be able to read it. */
export const restore = (
  gateway: Around,
  exchange: Asking,
  executor: Asked,
  credential: CredentialId | undefined,
  request: CanonicalRequest
): CanonicalRequest => {
  const scope = scopeOf(exchange, executor)
  if (!gateway.continuity.has(scope)) return request
  const restored = Restore.restore(request, executor.dialect.id, (key) => {
    const answer = gateway.continuity.recall(scope, key)
    return answer?.credential === undefined || answer.credential === credential ? answer : undefined
  })
  if (restored.count > 0) Metrics.sealsRestored(executor.dialect.id, executor.id, restored.count)
  return restored.request
}
