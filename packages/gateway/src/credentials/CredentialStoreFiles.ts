/**
 * A store of credentials in a folder, for the processes of one machine. The folder is 0700 and its files 0600. Every version is a file
 * of its own that appears whole under a name nobody has yet, so that of two writers one is told that he was late; a lease is such a file
 * too, numbered, so that nobody takes over what somebody else is just taking over.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { createHash, randomBytes } from "node:crypto"
import { chmodSync, closeSync, fsyncSync, linkSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeSync } from "node:fs"
import { join, resolve } from "node:path"
import { CredentialStore, CredentialStoreUnavailable, type Lease, type Place, type StoredCredential } from "./CredentialStore.ts"

const Written = Schema.fromJsonString(Schema.Struct({
  provider: Schema.String,
  id: Schema.String,
  version: Schema.Int,
  sealed: Schema.String,
  updatedAt: Schema.Int
}))
const WrittenLease = Schema.fromJsonString(Schema.Struct({ owner: Schema.String, until: Schema.Finite }))

const readRecord = Schema.decodeOption(Written)
const writeRecord = Schema.encodeSync(Written)
const readLease = Schema.decodeOption(WrittenLease)
const writeLease = Schema.encodeSync(WrittenLease)

const codeOf = (error: unknown): unknown => error instanceof Error ? Reflect.get(error, "code") : undefined

/** What a file holds; undefined where it has just gone. */
const readText = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8")
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined
    throw error
  }
}

/** Writes a file that is whole, on the disk and nobody else's before it has a name. */
const draft = (folder: string, text: string): string => {
  const path = join(folder, `.draft-${randomBytes(9).toString("hex")}`)
  const file = openSync(path, "wx", 0o600)
  try {
    chmodSync(path, 0o600)
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  return path
}

/** Names are kept for good by the folder's own entry. */
const syncFolder = (folder: string): void => {
  const handle = openSync(folder, "r")
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Gives a draft a name; false where somebody has it already. */
const nameOnce = (folder: string, text: string, name: string): boolean => {
  const from = draft(folder, text)
  try {
    linkSync(from, join(folder, name))
    return true
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false
    throw error
  } finally {
    rmSync(from)
    syncFolder(folder)
  }
}

/** The beginning of the names of a place's files. Ids may hold what names of files may not. */
const stemOf = ({ id, provider }: Place): string => `${provider}-${createHash("sha256").update(JSON.stringify([provider, id])).digest("hex").slice(0, 20)}`

const numberAt = (name: string, pattern: RegExp): number => Number(pattern.exec(name)?.[1] ?? -1)

const open = (folder: string): void => {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if ((statSync(folder).mode & 0o077) !== 0) throw new Error(`others may look into ${folder}: chmod 700 ${folder}`)
}

/** A store in a folder, which is made where it is missing. */
export const make = (path: string, clock: Clock.Clock): CredentialStore["Service"] => {
  const folder = resolve(path)

  const attempt = <A>(run: () => A): Effect.Effect<A, CredentialStoreUnavailable> =>
    Effect.try({
      try: () => {
        open(folder)
        return run()
      },
      catch: (error) => new CredentialStoreUnavailable({ reason: error instanceof Error ? error.message : String(error) })
    })

  const namesOf = (stem: string): ReadonlyArray<string> => readdirSync(folder).filter((name) => name.startsWith(`${stem}.`))

  const versionIn = (name: string): number => numberAt(name, /\.(\d+)\.json$/)

  /** The newest version. A file that went away between listing and reading was followed by another. */
  const newest = (stem: string): StoredCredential | undefined => {
    for (;;) {
      const [name] = namesOf(stem).filter((each) => versionIn(each) >= 0).toSorted((a, b) => versionIn(b) - versionIn(a))
      if (name === undefined) return undefined
      const text = readText(join(folder, name))
      if (text !== undefined) return Option.getOrThrowWith(readRecord(text), () => new Error(`${join(folder, name)} is no record of a credential`))
    }
  }

  const versionOf = (name: string): number => numberAt(name, /\.(\d+)\.(?:json|lease-\d+)$/)

  /** Of two that begin at once, the one with the higher version stays; each may only clear away what is below its own. */
  const clearBelow = (stem: string, version: number): void => {
    for (const name of namesOf(stem)) if (versionOf(name) < version) rmSync(join(folder, name), { force: true })
  }

  const leaseName = (stem: string, version: number, turn: number): string => `${stem}.${version}.lease-${turn}`

  /** The last turn that was taken of a version. */
  const lastLease = (stem: string, version: number) => {
    const turn = Math.max(0, ...namesOf(stem).map((name) => name.startsWith(`${stem}.${version}.lease-`) ? numberAt(name, /\.lease-(\d+)$/) : 0))
    const text = turn === 0 ? undefined : readText(join(folder, leaseName(stem, version, turn)))
    return { turn, lease: text === undefined ? undefined : Option.getOrUndefined(readLease(text)) }
  }

  return CredentialStore.of({
    list: attempt(() => {
      const stems = new Set(readdirSync(folder).filter((name) => versionIn(name) >= 0).map((name) => name.replace(/\.\d+\.json$/, "")))
      return [...stems].flatMap((stem) => newest(stem) ?? []).toSorted((a, b) =>
        a.provider === b.provider ? (a.id < b.id ? -1 : 1) : a.provider < b.provider ? -1 : 1
      )
    }),
    find: (place) => attempt(() => newest(stemOf(place))),
    write: (record, after) =>
      attempt(() => {
        const stem = stemOf(record)
        if (newest(stem)?.version !== after) return false
        if (!nameOnce(folder, writeRecord(record), `${stem}.${record.version}.json`)) return false
        clearBelow(stem, record.version)
        return true
      }),
    remove: (place) =>
      attempt(() => {
        const stem = stemOf(place)
        const isThere = newest(stem) !== undefined
        clearBelow(stem, Number.POSITIVE_INFINITY)
        return isThere
      }),
    lease: ({ forMs, owner, version, ...place }) =>
      attempt((): Lease => {
        const stem = stemOf(place)
        const record = newest(stem)
        if (record === undefined) return { _tag: "Missing" }
        if (record.version !== version) return { _tag: "Newer", record }
        const now = clock.currentTimeMillisUnsafe()
        const { lease, turn } = lastLease(stem, version)
        if (lease !== undefined && lease.until > now && lease.owner !== owner) return { _tag: "Busy", leftMs: lease.until - now }
        const mine = leaseName(stem, version, turn + 1)
        if (!nameOnce(folder, writeLease({ owner, until: now + forMs }), mine)) return { _tag: "Busy", leftMs: forMs }
        // Whoever had it may have written the next version and cleared his lease away since the version was looked at
        const next = newest(stem)
        if (next?.version === version) return { _tag: "Leased" }
        rmSync(join(folder, mine), { force: true })
        return next === undefined ? { _tag: "Missing" } : { _tag: "Newer", record: next }
      }),
    release: ({ owner, version, ...place }) =>
      attempt(() => {
        const stem = stemOf(place)
        const { lease, turn } = lastLease(stem, version)
        if (lease?.owner !== owner) return
        // Over at once, and still there, so that the next turn has the next number
        renameSync(draft(folder, writeLease({ owner, until: 0 })), join(folder, leaseName(stem, version, turn)))
      })
  })
}

/** A store in a folder, which is made where it is missing. */
export const layer = (folder: string): Layer.Layer<CredentialStore> =>
  Layer.effect(CredentialStore, Clock.clockWith((clock) => Effect.sync(() => make(folder, clock))))
