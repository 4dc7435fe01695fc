/**
 * Where tests find the databases they need: PostgreSQL and Redis, at their usual places or where the environment says. Asks each
 * whether it answers, so that a test on a machine without one is skipped with a word, and fails where services are required.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { connect } from "node:net"
import { userInfo } from "node:os"

/** A database for tests. It is shared with other tests: use a schema or a key prefix of your own, and remove it. */
export interface Service {
  readonly url: string
  /** Why the tests that need it are skipped; undefined where it answers. */
  readonly missing: string | undefined
}

/** A service that is required does not answer. */
export class ServiceMissing extends Schema.TaggedError<ServiceMissing>()("ServiceMissing", { reason: Schema.String }) {
  override get message(): string {
    return this.reason
  }
}

interface Sought {
  readonly name: string
  readonly variable: string
  readonly standard: string
  readonly port: number
  /** What is asked, and how the first byte of the answer may read. */
  readonly question: Uint8Array
  readonly answer: RegExp
}

/** How long a service may take to answer, in milliseconds. */
const patience = 5000

const find = ({ answer, name, port, question, standard, variable }: Sought): Effect.Effect<Service, ServiceMissing> =>
  Effect.gen(function*() {
    const url = process.env[variable] ?? standard
    if (!URL.canParse(url)) return yield* new ServiceMissing({ reason: `${variable} is no URL` })
    const { host, hostname, port: named } = new URL(url)
    const isThere = yield* Effect.callback<boolean>((resume) => {
      const socket = connect({ host: hostname, port: named === "" ? port : Number(named) })
      const end = (found: boolean) => {
        socket.destroy()
        resume(Effect.succeed(found))
      }
      socket.setTimeout(patience, () => end(false))
      socket.once("connect", () => socket.write(question))
      socket.once("data", (data) => end(answer.test(data.toString("latin1"))))
      socket.once("error", () => end(false))
      socket.once("close", () => end(false))
    })
    if (isThere) return { url, missing: undefined }
    const missing = `no ${name} answers at ${host}; ${variable} says where one is`
    return process.env["SLUICE_REQUIRE_SERVICES"] === "1" ? yield* new ServiceMissing({ reason: missing }) : { url, missing }
  })

/**
 * PostgreSQL, at `SLUICE_TEST_POSTGRES_URL` or in the database `test` on this machine, as the user of the operating system. Run it
 * with `Effect.runPromise` at the top of a test file, and give `missing` to `describe.skipIf` and to its title.
 */
export const postgres: Effect.Effect<Service, ServiceMissing> = Effect.suspend(() =>
  find({
    name: "PostgreSQL",
    variable: "SLUICE_TEST_POSTGRES_URL",
    standard: `postgres://${encodeURIComponent(userInfo().username)}@127.0.0.1:5432/test`,
    port: 5432,
    // Whether it speaks TLS: the one question that may be asked before saying who is asking
    question: Uint8Array.of(0, 0, 0, 8, 4, 210, 22, 47),
    answer: /^[SN]/
  })
)

/** Redis, at `SLUICE_TEST_REDIS_URL` or on this machine. Used as {@link postgres} is. */
export const redis: Effect.Effect<Service, ServiceMissing> = Effect.suspend(() =>
  find({
    name: "Redis",
    variable: "SLUICE_TEST_REDIS_URL",
    standard: "redis://127.0.0.1:6379",
    port: 6379,
    question: new TextEncoder().encode("PING\r\n"),
    // A server that wants a password answers too
    answer: /^[+-]/
  })
)
