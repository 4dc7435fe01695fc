/**
 * An edited chunk or body of this dialect: what its events say before and after the edit is written afresh, and only the difference
 * is put into the value that was received.
 */
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import { same } from "@sluice/protocol/Equality"
import { present } from "@sluice/protocol/Json"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import * as Draft from "./Draft.ts"
import { rebase } from "./Rebase.ts"
import * as Usage from "./Usage.ts"

const topOf = (events: ReadonlyArray<CanonicalEvent>): JsonObject => {
  const start = events.find((event) => event.type === "start")
  const usage = events.findLast((event) => event.type === "usage")
  return present({ responseId: start?.id, modelVersion: start?.model, usageMetadata: usage === undefined ? undefined : Usage.encode(usage.usage) })
}

/** A candidate whose every word was taken away keeps its place. */
const emptied = (before: JsonObject | undefined): JsonObject =>
  before === undefined ? {} : { content: { parts: [], role: "model" }, index: before["index"] ?? 0 }

/** The value with the edit, and what is known after it. */
export const over = (
  known: Draft.State,
  value: JsonObject,
  before: ReadonlyArray<CanonicalEvent>,
  after: ReadonlyArray<CanonicalEvent>
): readonly [Draft.State, JsonObject] => {
  const old = Draft.candidatesOf(known, before, Draft.silent()).candidates
  const { candidates: now, state } = Draft.candidatesOf(known, after, Draft.silent())
  const listed: ReadonlyArray<Json> = Array.isArray(value["candidates"]) ? value["candidates"] : []
  const indexOf = (candidate: JsonObject, place: number): number => typeof candidate["index"] === "number" ? candidate["index"] : place
  const indexes = new Set<number>()
  const kept = listed.map((candidate, place): Json => {
    if (!isObject(candidate)) return candidate
    const index = indexOf(candidate, place)
    indexes.add(index)
    return rebase(candidate, old.get(index) ?? {}, now.get(index) ?? emptied(old.get(index)))
  })
  const added = [...now].flatMap(([index, candidate]) => indexes.has(index) || same(candidate, old.get(index)) ? [] : [candidate])
  const candidates = listed.length === 0 && added.length === 0 ? {} : { candidates: [...kept, ...added] }
  return [state, rebase({ ...value, ...candidates }, topOf(before), topOf(after))]
}
