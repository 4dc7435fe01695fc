/**
 * The store of replays in SQL, as one transaction for each message: for SQLite, where a thread of its own runs it, and for PostgreSQL.
 * Sums of keys and bytes are kept in a table, so that no claim counts rows. Time is the database's, which several processes share.
 */
import type { Ask, Bounds, Told, Why } from "@sluice/gateway/ReplayStore"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"

/** Whole numbers come as text from some drivers. */
const Count = Schema.Union([Schema.Int, Schema.FiniteFromString])

const Entry = Schema.Struct({
  claim: Schema.String,
  owner: Schema.String,
  print: Schema.String,
  state: Schema.Literals(["running", "kept", "lost"]),
  why: Schema.NullOr(Schema.Literals(["cut", "gone", "too-large", "evicted"])),
  sealed: Schema.NullOr(Schema.String),
  alive: Count
})
const Held = Schema.Struct({ scope: Schema.String, tenant: Schema.String, size: Count })
const Share = Schema.Struct({ tenant: Schema.String, entries: Count, bytes: Count })

const entriesOf = Schema.decodeUnknownEffect(Schema.Array(Entry))
const heldOf = Schema.decodeUnknownEffect(Schema.Array(Held))
const sharesOf = Schema.decodeUnknownEffect(Schema.Array(Share))

/** The row of the sums over all tenants. No tenant is called so: their names begin with their kind. */
const everybody = "*"

/** Rows one transaction clears away at most. */
const step = 50

type Done<A> = Effect.Effect<A, SqlError | Schema.SchemaError>

/** Answers messages over one database, whose tables are there. */
export const make = (sql: SqlClient.SqlClient, bounds: Bounds): (message: Ask) => Done<Told> => {
  const now = sql.literal(sql.onDialectOrElse({
    pg: () => "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
    orElse: () => "CAST(unixepoch('subsec') * 1000 AS INTEGER)"
  }))
  const ofTenant = { entries: Math.floor(bounds.entries * bounds.tenantShare), bytes: Math.floor(bounds.bytes * bounds.tenantShare) }

  const addOne = (tenant: string, entries: number, bytes: number) =>
    sql`INSERT INTO replay_shares (tenant, entries, bytes) VALUES (${tenant}, ${entries}, ${bytes})
      ON CONFLICT (tenant) DO UPDATE SET entries = replay_shares.entries + excluded.entries, bytes = replay_shares.bytes + excluded.bytes`

  /** The order is the same for everybody, so that nobody waits for each other. */
  const add = (tenant: string, entries: number, bytes: number): Done<void> =>
    Effect.asVoid(Effect.andThen(addOne(everybody, entries, bytes), addOne(tenant, entries, bytes)))

  const shares = (tenant: string): Done<{ readonly all: typeof Share.Type; readonly own: typeof Share.Type }> =>
    sql`SELECT tenant, entries, bytes FROM replay_shares WHERE tenant IN (${tenant}, ${everybody})`.pipe(
      Effect.flatMap(sharesOf),
      Effect.map((found) => {
        const of = (name: string) => found.find((share) => share.tenant === name) ?? { tenant: name, entries: 0, bytes: 0 }
        return { all: of(everybody), own: of(tenant) }
      })
    )

  const gone = (rows: ReadonlyArray<unknown>): Done<void> =>
    Effect.flatMap(heldOf(rows), (held) => Effect.forEach(held, ({ size, tenant }) => add(tenant, -1, -size), { discard: true }))

  const live = (owner: string, aliveMs: number) =>
    sql`INSERT INTO replay_owners (owner, alive_until) VALUES (${owner}, ${now} + ${sql.literal(String(Math.trunc(aliveMs)))})
      ON CONFLICT (owner) DO UPDATE SET alive_until = excluded.alive_until`

  const expire = Effect.flatMap(
    sql`DELETE FROM replays WHERE scope IN (SELECT scope FROM replays WHERE expires_at <= ${now} ORDER BY expires_at LIMIT ${step})
      RETURNING scope, tenant, size`,
    gone
  )

  const read = (scope: string): Done<typeof Entry.Type | undefined> =>
    sql`SELECT r.claim, r.owner, r.print, r.state, r.why, r.sealed, CASE WHEN o.alive_until > ${now} THEN 1 ELSE 0 END AS alive
      FROM replays r LEFT JOIN replay_owners o ON o.owner = r.owner WHERE r.scope = ${scope}`.pipe(
      Effect.flatMap(entriesOf),
      Effect.map(([entry]) => entry)
    )

  const tell = (entry: typeof Entry.Type, claim: string): Told => {
    const { alive, owner, print, sealed, state, why } = entry
    if (state === "kept" && sealed !== null) return { _tag: "Kept", print, sealed }
    if (state !== "running") return { _tag: "Lost", print, why: why ?? "evicted" }
    if (entry.claim === claim) return { _tag: "Claimed" }
    return alive === 1 ? { _tag: "Running", print, owner } : { _tag: "Lost", print, why: "gone" }
  }

  const claim = ({ aliveMs, claim, owner, print, scope, tenant, ttlMs }: Ask & { readonly _tag: "Claim" }): Done<Told> =>
    Effect.gen(function*() {
      yield* live(owner, aliveMs)
      yield* expire
      yield* Effect.flatMap(sql`DELETE FROM replays WHERE scope = ${scope} AND expires_at <= ${now} RETURNING scope, tenant, size`, gone)
      const known = yield* read(scope)
      if (known !== undefined) return tell(known, claim)
      const { all, own } = yield* shares(tenant)
      if (all.entries >= bounds.entries) return { _tag: "Full", of: "store" }
      if (own.entries >= ofTenant.entries) return { _tag: "Full", of: "tenant" }
      const made = yield* sql`INSERT INTO replays (scope, tenant, claim, owner, print, state, size, expires_at)
        VALUES (${scope}, ${tenant}, ${claim}, ${owner}, ${print}, 'running', 0, ${now} + ${sql.literal(String(Math.trunc(ttlMs)))})
        ON CONFLICT (scope) DO NOTHING RETURNING scope`
      if (made.length > 0) {
        yield* add(tenant, 1, 0)
        return { _tag: "Claimed" }
      }
      const first = yield* read(scope)
      // Whoever came first has let go of it again
      return first === undefined ? { _tag: "Running", print, owner: "" } : tell(first, claim)
    })

  const lose = (scope: string, claim: string, why: Why) =>
    sql`UPDATE replays SET state = 'lost', why = ${why} WHERE scope = ${scope} AND claim = ${claim} AND state = 'running'`

  const evict = (rows: ReadonlyArray<unknown>, tooMuch: number): Done<void> =>
    Effect.gen(function*() {
      let left = tooMuch
      for (const { scope, size, tenant } of yield* heldOf(rows)) {
        if (left <= 0) return
        left -= size
        yield* sql`UPDATE replays SET state = 'lost', why = 'evicted', sealed = NULL, size = 0 WHERE scope = ${scope}`
        yield* add(tenant, 0, -size)
      }
    })

  const keep = ({ claim, scope, sealed }: Ask & { readonly _tag: "Keep" }): Done<void> =>
    Effect.gen(function*() {
      const size = sealed.length
      if (size > ofTenant.bytes) return yield* lose(scope, claim, "too-large")
      const [mine] = yield* heldOf(
        yield* sql`UPDATE replays SET state = 'kept', sealed = ${sealed}, size = ${size}
          WHERE scope = ${scope} AND claim = ${claim} AND state = 'running' RETURNING scope, tenant, size`
      )
      if (mine === undefined) return
      yield* add(mine.tenant, 0, size)
      const { own } = yield* shares(mine.tenant)
      if (own.bytes > ofTenant.bytes) {
        const oldest = yield* sql`SELECT scope, tenant, size FROM replays
          WHERE tenant = ${mine.tenant} AND state = 'kept' AND scope <> ${scope} ORDER BY expires_at LIMIT ${step}`
        yield* evict(oldest, own.bytes - ofTenant.bytes)
      }
      const { all } = yield* shares(mine.tenant)
      if (all.bytes > bounds.bytes) {
        const oldest = yield* sql`SELECT scope, tenant, size FROM replays WHERE state = 'kept' AND scope <> ${scope} ORDER BY expires_at LIMIT ${step}`
        yield* evict(oldest, all.bytes - bounds.bytes)
      }
    })

  const release = ({ claim, scope }: Ask & { readonly _tag: "Release" }): Done<void> =>
    Effect.flatMap(sql`DELETE FROM replays WHERE scope = ${scope} AND claim = ${claim} AND state = 'running' RETURNING scope, tenant, size`, gone)

  const alive = ({ aliveMs, owner }: Ask & { readonly _tag: "Alive" }): Done<void> =>
    Effect.gen(function*() {
      yield* live(owner, aliveMs)
      yield* sql`DELETE FROM replay_owners WHERE alive_until <= ${now} AND NOT EXISTS (SELECT 1 FROM replays WHERE replays.owner = replay_owners.owner)`
      yield* expire
    })

  const done: Done<Told> = Effect.map(shares(everybody), ({ all: { bytes, entries } }) => ({ _tag: "Done", entries, bytes }))

  const act = (message: Ask): Done<Told> => {
    switch (message._tag) {
      case "Claim":
        return claim(message)
      case "Keep":
        return Effect.andThen(keep(message), done)
      case "Lose":
        return Effect.andThen(lose(message.scope, message.claim, message.why), done)
      case "Release":
        return Effect.andThen(release(message), done)
      case "Alive":
        return Effect.andThen(alive(message), done)
    }
  }

  return (message) => sql.withTransaction(act(message))
}
