/**
 * Looks for rows of the ledger that are not as they were stored, and names the first one. Reads a ledger in steps through an
 * interface, so that neither its size nor its database matters; what is right is decided by `HashChain`.
 */
import * as Effect from "effect/Effect"
import * as HashChain from "./HashChain.ts"
import type { Value } from "./Rows.ts"
import type { TerminalRow } from "./TerminalRow.ts"

/** A link as it is found, with the row it stands for. */
export interface Linked extends HashChain.Link {
  /** Undefined where the exchange is gone. */
  readonly row: TerminalRow | undefined
  /** The place the row itself claims. */
  readonly claims: { readonly writer: string | null; readonly sequence: number | null }
  readonly attempts: ReadonlyArray<ReadonlyArray<Value>>
}

/** How a ledger is read. Everything comes in pages of any size; an empty page is the end. */
export interface Reading<E> {
  /** Everybody who has a link, a head or a cut. */
  readonly writers: Effect.Effect<ReadonlyArray<string>, E>
  /** Heads by number, those after a number. */
  readonly heads: (after: number) => Effect.Effect<ReadonlyArray<HashChain.Head>, E>
  /** Heads of a writer by sequence, those at a sequence or later. */
  readonly headsOf: (writer: string, from: number) => Effect.Effect<ReadonlyArray<HashChain.Head>, E>
  readonly cut: (writer: string) => Effect.Effect<HashChain.Cut | undefined, E>
  /** Links of a writer by sequence, those after a sequence: with their rows as of one moment. */
  readonly links: (writer: string, after: number) => Effect.Effect<ReadonlyArray<Linked>, E>
  /** Exchanges that have ended, by id, those after an id, and whether they have the link they claim. */
  readonly ended: (after: string) => Effect.Effect<ReadonlyArray<{ readonly id: string; readonly isLinked: boolean }>, E>
}

/** What is wrong: `changed` rows, `missing` ones, those that were `moved` or `added`, a chain that was `rewritten` or is `truncated`, a bad `signature`. */
export type Wrong = "changed" | "missing" | "moved" | "added" | "rewritten" | "truncated" | "signature" | "head"

/** The first thing that is wrong. */
export interface Finding {
  readonly wrong: Wrong
  readonly message: string
  readonly exchange?: string
  readonly writer?: string
  readonly sequence?: number
  readonly head?: number
}

/** What a verification came to. */
export interface Report {
  readonly finding: Finding | undefined
  /** Rows whose hash was computed. */
  readonly rows: number
  readonly writers: number
  readonly heads: number
  readonly signedHeads: number
  /** Rows no head covers yet: what could be cut off without being noticed. */
  readonly uncovered: number
  /** Number and digest of the newest head: kept elsewhere, they prove later that nothing was cut off. */
  readonly newest: { readonly number: number; readonly digest: string } | undefined
}

/** What a verification is given. */
export interface Options {
  /** The key heads are signed with; undefined = signatures are not looked at. */
  readonly key: string | undefined
  /** A head that was noted elsewhere, and must be there. */
  readonly noted?: { readonly number: number; readonly digest: string }
}

type Counts = { -readonly [K in Exclude<keyof Report, "finding">]: Report[K] }

/** Verifies a ledger. */
export const verify = Effect.fn("Verification.verify")(function*<E>(reading: Reading<E>, options: Options): Effect.fn.Return<Report, E> {
  const counts: Counts = { rows: 0, writers: 0, heads: 0, signedHeads: 0, uncovered: 0, newest: undefined }
  const report = (finding: Finding | undefined): Report => ({ finding, ...counts })
  const head = yield* verifyHeads(reading, options, counts)
  if (head !== undefined) return report(head)
  for (const writer of yield* reading.writers) {
    counts.writers++
    const finding = yield* verifyWriter(reading, options, counts, writer)
    if (finding !== undefined) return report(finding)
  }
  return report(yield* verifyEnded(reading))
})

const verifyHeads = Effect.fnUntraced(function*<E>(
  reading: Reading<E>,
  { key, noted }: Options,
  counts: Counts
): Effect.fn.Return<Finding | undefined, E> {
  let previous: HashChain.Head | undefined
  let isNotedThere = noted === undefined
  for (;;) {
    const page = yield* reading.heads(previous?.number ?? 0)
    for (const head of page) {
      const about = { head: head.number, writer: head.writer, sequence: head.sequence }
      if (!HashChain.follows(previous, head)) {
        const expected = (previous?.number ?? 0) + 1
        return head.number === expected
          ? { wrong: "head", ...about, message: `head ${head.number} is not what was put on record` }
          : { wrong: "head", head: expected, message: `head ${expected} is missing` }
      }
      // Once heads are signed, all are
      if (key !== undefined && (head.signature !== null || counts.signedHeads > 0) && !HashChain.isSigned(previous, head, key)) {
        return { wrong: "signature", ...about, message: `the signature of head ${head.number} is not from the configured key` }
      }
      counts.heads++
      if (head.signature !== null) counts.signedHeads++
      if (noted !== undefined && head.number === noted.number) {
        if (head.digest !== noted.digest) return { wrong: "head", ...about, message: `head ${head.number} is not the one that was noted` }
        isNotedThere = true
      }
      previous = head
    }
    if (page.length === 0) break
  }
  counts.newest = previous === undefined ? undefined : { number: previous.number, digest: previous.digest }
  return isNotedThere || noted === undefined
    ? undefined
    : { wrong: "truncated", head: noted.number, message: `head ${noted.number}, which was noted, is missing: the end of the ledger was cut off` }
})

const verifyWriter = Effect.fnUntraced(function*<E>(
  reading: Reading<E>,
  { key }: Options,
  counts: Counts,
  writer: string
): Effect.fn.Return<Finding | undefined, E> {
  let cut = yield* reading.cut(writer)
  const unsignedCut = (): Finding | undefined =>
    cut !== undefined && key !== undefined && (cut.signature !== null || counts.signedHeads > 0) && !HashChain.isSignedCut(cut, key)
      ? {
        wrong: "signature",
        writer,
        sequence: cut.sequence,
        message: `the record of what was removed from writer ${writer} is not signed with the configured key`
      }
      : undefined
  const badCut = unsignedCut()
  if (badCut !== undefined) return badCut
  let place: HashChain.Place = cut ?? HashChain.beginning(writer)
  const heads = yield* headWalk(reading, writer, place.sequence)
  const atStart = yield* heads.at(place)
  if (atStart !== undefined) return atStart
  for (;;) {
    const page = yield* reading.links(writer, place.sequence)
    if (page.length === 0) break
    for (const link of page) {
      if (link.sequence !== place.sequence + 1) {
        // Rows may have become old enough while we looked
        cut = yield* reading.cut(writer)
        if (cut === undefined || cut.sequence <= place.sequence) return missing(writer, place.sequence + 1)
        const bad = unsignedCut()
        if (bad !== undefined) return bad
        place = cut
        yield* heads.skip(place)
        if (link.sequence <= place.sequence) continue
        if (link.sequence !== place.sequence + 1) return missing(writer, place.sequence + 1)
      }
      const finding = verifyLink(place, link)
      if (finding !== undefined) return finding
      counts.rows++
      place = link
      const atHead = yield* heads.at(place)
      if (atHead !== undefined) return atHead
    }
  }
  counts.uncovered += place.sequence - heads.covered()
  return yield* heads.end(place)
})

const missing = (writer: string, sequence: number): Finding => ({
  wrong: "missing",
  writer,
  sequence,
  message: `row ${sequence} of writer ${writer} is missing`
})

const verifyLink = (place: HashChain.Place, link: Linked): Finding | undefined => {
  const { claims, exchange, row, sequence, writer } = link
  const about = { exchange, writer, sequence }
  const where = `exchange ${exchange} (row ${sequence} of writer ${writer})`
  if (row === undefined) return { wrong: "missing", ...about, message: `${where} is missing` }
  if (claims.writer !== writer || claims.sequence !== sequence) return { wrong: "moved", ...about, message: `${where} is not in its place` }
  return HashChain.next(place, exchange, row, link.attempts).hash === link.hash
    ? undefined
    : { wrong: "changed", ...about, message: `${where} is not as it was stored` }
}

/** Walks along the heads of a writer beside its links. */
const headWalk = Effect.fnUntraced(function*<E>(reading: Reading<E>, writer: string, from: number) {
  let covered = from
  let page = yield* reading.headsOf(writer, from)
  let next = 0

  const current = Effect.fnUntraced(function*(): Effect.fn.Return<HashChain.Head | undefined, E> {
    if (next < page.length) return page[next]
    const last = page.at(-1)
    if (last === undefined) return undefined
    page = yield* reading.headsOf(writer, last.sequence + 1)
    next = 0
    return page[0]
  })

  /** Compares the heads at a place with it. */
  const at = Effect.fnUntraced(function*(place: HashChain.Place): Effect.fn.Return<Finding | undefined, E> {
    for (let head = yield* current(); head !== undefined && head.sequence <= place.sequence; head = yield* current()) {
      if (head.sequence === place.sequence && head.hash !== place.hash) {
        return {
          wrong: "rewritten",
          writer,
          sequence: place.sequence,
          head: head.number,
          message: `the rows of writer ${writer} up to row ${place.sequence} are not those of head ${head.number}`
        }
      }
      covered = Math.max(covered, head.sequence)
      next++
    }
    return undefined
  })

  return {
    at,
    /** Goes on at a place without looking. */
    skip: Effect.fnUntraced(function*(place: HashChain.Place): Effect.fn.Return<void, E> {
      for (let head = yield* current(); head !== undefined && head.sequence <= place.sequence; head = yield* current()) next++
      covered = Math.max(covered, place.sequence)
    }),
    covered: () => covered,
    /** A head beyond the last link: what it covers was cut off. */
    end: Effect.fnUntraced(function*(place: HashChain.Place): Effect.fn.Return<Finding | undefined, E> {
      const head = yield* current()
      return head === undefined || head.sequence <= place.sequence
        ? undefined
        : {
          wrong: "truncated",
          writer,
          sequence: place.sequence + 1,
          head: head.number,
          message: `the rows of writer ${writer} from row ${place.sequence + 1} on were cut off: head ${head.number} covers ${head.sequence} rows`
        }
    })
  }
})

const verifyEnded = Effect.fnUntraced(function*<E>(reading: Reading<E>): Effect.fn.Return<Finding | undefined, E> {
  let after = ""
  for (;;) {
    const page = yield* reading.ended(after)
    for (const { id, isLinked } of page) {
      if (!isLinked) return { wrong: "added", exchange: id, message: `exchange ${id} is in no chain: it was not stored by a ledger` }
    }
    const last = page.at(-1)
    if (last === undefined) return undefined
    after = last.id
  }
})
