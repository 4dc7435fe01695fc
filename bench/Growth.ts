// What grows: models and keys in a configuration, and keys in the store. Whatever there is of them, a request is for one model with one
// key, and must cost what it costs where there are few. The model and the key that are asked with stand behind all others.
import { digest } from "@sluice/gateway/VirtualKeys"
import { Effect, Redacted } from "effect"
import { DatabaseSync } from "node:sqlite"
import * as SqliteStart from "../packages/ledger/src/sqlite/Start.ts"
import { clientKey } from "./Wire.ts"

/** How much there is of what grows. Stored keys need a ledger in a file. */
export interface Size {
  readonly models: number
  readonly keys: number
  readonly storedKeys?: number
}

/** The gateways that are compared: each that has many with one that has few. */
export const sizes = {
  "sluice+few": { models: 10, keys: 1 },
  "sluice+models": { models: 10_000, keys: 1 },
  "sluice+keys": { models: 10, keys: 100_000 },
  "sluice+stored-key": { models: 10, keys: 0, storedKeys: 1 },
  "sluice+stored-keys": { models: 10, keys: 0, storedKeys: 100_000 }
} as const satisfies { readonly [name: string]: Size }

/** The names of these gateways. */
export type GrownName = keyof typeof sizes

/** Whether a gateway is one of these. */
export const isGrown = (name: string): name is GrownName => name in sizes

/** Entries that nobody asks for: every other one a glob, of many makers. */
export const modelLines = (count: number, provider: string): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, at) => {
    const id = `maker-${at % 97}/model-${at}${at % 2 === 0 ? "" : "-*"}`
    return `  - { id: "${id}", targets: [{ provider: ${provider}, model: m }], aliases: ${at % 2 === 0 ? `["short-${at}"]` : "[]"} }`
  })

/** Keys that nobody uses, and the one that is used. */
export const keyLines = (count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, at) =>
    at === count - 1
      ? `  - { id: bench, key: "${clientKey}" }`
      : `  - { id: key-${at}, key: "sk-idle-${String(at).padStart(8, "0")}", models: ["maker-${at % 97}/*", "to-*"] }`)

/** The secret that stored keys are digested with. */
export const keySecret = "bench-secret-of-stored-keys-0123456789"

/** Fills the store of a file with keys, of which one is used. */
export const storeKeys = async (file: string, count: number): Promise<void> => {
  await Effect.runPromise(SqliteStart.migrate(file, 5000))
  const db = new DatabaseSync(file)
  const insert = db.prepare("INSERT INTO api_keys (id, name, digest, created_at, rules) VALUES (?, ?, ?, 0, '{}')")
  db.exec("BEGIN")
  for (let at = 1; at < count; at++) insert.run(`idle${String(at).padStart(8, "0")}`, `key ${at}`, `digest-of-nothing-${at}`)
  insert.run("benchbenchbe", "bench", digest(clientKey, Redacted.make(keySecret)))
  db.exec("COMMIT")
  db.close()
}
