/** The shared services of an experiment, and a PostgreSQL ledger of an experiment's own: an empty schema, removed afterwards, and what only the database itself can say. */
import type * as LedgerReader from "@sluice/ledger/LedgerReader"
import { Effect, Redacted } from "effect"
import * as SqlClient from "effect/sql/SqlClient"
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { connect } from "node:net"
import * as PgClient from "../../packages/ledger/src/postgres/PgClient.ts"
import * as Services from "../../packages/testing/src/services/Services.ts"

/** PostgreSQL, and why it is missing where it does not answer. */
export const postgres = (): Promise<Services.Service> => Effect.runPromise(Services.postgres)

/** Redis, as {@link postgres}. */
export const redis = (): Promise<Services.Service> => Effect.runPromise(Services.redis)

/** A name nobody else has. */
export const unique = (purpose: string): string => `sluice_${purpose}_${randomBytes(6).toString("hex")}`

const ask = (url: string, statement: string): Promise<ReadonlyArray<object>> =>
  Effect.runPromise(
    Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe<object>(statement)).pipe(
      Effect.provide(PgClient.layer({ url, readonly: false, connections: 1 }))
    )
  )

/** Runs something with the URL of an empty schema, and removes the schema. */
export const use = async <A>(server: string, run: (url: string) => Promise<A>): Promise<A> => {
  const schema = unique("chaos")
  await ask(server, `CREATE SCHEMA ${schema}`)
  const url = new URL(server)
  url.searchParams.set("options", `-c search_path=${schema}`)
  try {
    return await run(url.href)
  } finally {
    await ask(server, `DROP SCHEMA ${schema} CASCADE`)
  }
}

/** The ledger there, for its reader. */
export const source = (url: string): LedgerReader.Source => ({ _tag: "Postgres", url: Redacted.make(url) })

/** What all accounts of keys were charged. */
export const charged = async (url: string): Promise<{ readonly requests: number; readonly tokens: number; readonly nanos: number }> => {
  const [sums] = await ask(
    url,
    "SELECT coalesce(sum(requests), 0)::float8 AS requests, coalesce(sum(tokens), 0)::float8 AS tokens, coalesce(sum(spent_nanos), 0)::float8 AS nanos FROM accounts WHERE kind = 'key'"
  )
  const number = (name: string): number => Number(Reflect.get(sums ?? {}, name))
  return { requests: number("requests"), tokens: number("tokens"), nanos: number("nanos") }
}

const removeKeys = "for _, key in ipairs(redis.call('keys', ARGV[1])) do redis.call('del', key) end"

/** Runs something with a prefix of keys in Redis that nobody else has, and removes those keys. */
export const usePrefix = async <A>(server: string, run: (prefix: string) => Promise<A>): Promise<A> => {
  const prefix = unique("chaos")
  try {
    return await run(prefix)
  } finally {
    const { hostname, port } = new URL(server)
    const socket = connect(port === "" ? 6379 : Number(port), hostname)
    const words = ["EVAL", removeKeys, "0", `${prefix}*`]
    socket.write(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`)
    await once(socket, "data")
    socket.destroy()
  }
}
