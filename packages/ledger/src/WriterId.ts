/**
 * Who writes: each process that writes a ledger has an id of its own, for as long as it runs. An open exchange belongs to its
 * writer; when that is dead, nobody will settle it any more. Alive is who holds a lock that ends with the process, whatever the
 * database: a lock file beside a SQLite file, an advisory lock of PostgreSQL.
 */
import * as Schema from "effect/Schema"
import { randomBytes } from "node:crypto"

/** The id of a writer: 16 letters and digits, safe in file names. */
export const WriterId = Schema.String.check(Schema.isPattern(/^[0-9a-z]{16}$/)).pipe(Schema.brand("WriterId"))

/** The type of `WriterId`. */
export type WriterId = typeof WriterId.Type

const letters = "0123456789abcdefghjkmnpqrstvwxyz"

/** A new id; 80 random bits are never given twice. */
export const generate = (): WriterId => WriterId.make(Array.from(randomBytes(16), (byte) => letters.charAt(byte % letters.length)).join(""))

/** The owner of what was open before writers had ids. Never alive. */
export const beforeIds = WriterId.make("0000000000000000")
