import { userInfo } from "node:os"
import { afterEach, assert, describe, it, vi } from "vitest"
import * as DatabaseUrl from "../src/postgres/DatabaseUrl.ts"

afterEach(() => void vi.unstubAllEnvs())

describe("the URL of a database", () => {
  it("is shown without its secrets", () => {
    assert.strictEqual(DatabaseUrl.place("postgres://me:secret@db.example:5433/ledger?password=hidden"), "postgres://db.example:5433/ledger")
    assert.strictEqual(DatabaseUrl.place("postgres://:not a url"), "postgres://…")
  })

  it("names whoever the environment or the system names, where it names nobody", () => {
    vi.stubEnv("PGUSER", "a b")
    assert.strictEqual(DatabaseUrl.withUser("postgres://h/d?sslmode=require"), "postgres://a%20b@h/d?sslmode=require")
    vi.stubEnv("PGUSER", undefined)
    assert.strictEqual(DatabaseUrl.withUser("postgres://h/d"), `postgres://${encodeURIComponent(userInfo().username)}@h/d`)
    for (const named of ["postgres://me:secret@h/d", "postgres://h/d?user=me", "postgres://:not a url"]) {
      assert.strictEqual(DatabaseUrl.withUser(named), named)
    }
  })
})
