/** The section of idempotency keys: where claims and answers are kept, how long and how much of them, and when others wait. */
import { byteSize, defaulted, duration, flag, integer, oneOf, optional, positiveDuration, secret, section } from "./Fields.ts"

/** The section. */
export const replay = section({
  store: defaulted(
    oneOf(["none", "memory", "ledger", "redis"]),
    "memory",
    "Where keys and sealed answers are kept. `memory`: with the process, so that a restart forgets them. `ledger`: in the ledger's database. `redis`: on the server of `redis.url`. `none`: the header is ignored."
  ),
  key: optional(
    secret,
    "What keys and answers are sealed with, 32 characters or more; needed by `ledger` and `redis`. Another key forgets what the one before has sealed. Absent or empty = a new one at every start."
  ),
  ttl: defaulted(positiveDuration, "24 hours", "How long a key is remembered after its first use."),
  wait: defaulted(duration, "1 minute", "How long a request waits for the answer to another one with the same key; then it is told to come back."),
  keys: defaulted(integer(1), 100_000, "How many keys are remembered; requests with more are refused."),
  size: defaulted(
    byteSize,
    "256MiB",
    "How much is kept of all sealed answers together, which take a third more than the answers; the oldest make room, and their keys stay remembered."
  ),
  answer: defaulted(byteSize, "8MiB", "The largest answer that is kept."),
  tenantShare: defaulted(integer(1, 100), 50, "How much of `keys` and `size` one tenant may have, in percent."),
  onClientGone: defaulted(
    oneOf(["finish", "cancel"]),
    "finish",
    "What becomes of an execution whose client leaves although it sent a key, unless the model's entry says something itself. `finish`: the answer is read to its end, for when the client asks again. `cancel`: it is stopped, and asking again is refused."
  ),
  generatedKeys: defaulted(
    flag,
    false,
    "Whether keys count that a client library made up by itself, one for each call (`stainless-…`)."
  )
})
