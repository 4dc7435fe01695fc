/**
 * Recorded traffic of real providers, read from ../shared/fixtures beside the repository. It is not part of the repository:
 * where it is absent the suites that need it say so and pass.
 */
import { isObject, type Json } from "@sluice/protocol/Wire"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"

const root = join(import.meta.dirname, "../../../shared")
const fixtures = join(root, "fixtures")

/** Whether the recordings are there. */
export const isPresent: boolean = existsSync(join(fixtures, "index.json"))

/** Whether the official schemas are there. */
export const hasSpecs: boolean = existsSync(join(root, "specs"))

/** What a suite prints instead of running. */
export const notice = "The recorded provider traffic (../shared/fixtures) is not here: conformance was not checked."

/** Path of an official schema. */
export const specPath = (path: string): string => join(root, "specs", path)

/** What the provider answered. */
export type Answer =
  | { readonly type: "body"; readonly status: number; readonly text: string; readonly json: Json }
  | { readonly type: "stream"; readonly answers: ReadonlyArray<Uint8Array> }

/** One recorded exchange. */
export interface Case {
  readonly id: string
  /** What the collection notes of the exchange: `req.*` of the request, `res.*` of the answer. */
  readonly features: ReadonlyArray<string>
  /** How it came to be: `recorded` by a tool against the real service, or made by somebody. */
  readonly provenance: string
  readonly provider: string
  readonly model: string
  readonly isStreaming: boolean
  readonly headers: { readonly [name: string]: string }
  readonly request?: Json
  readonly answer?: Answer
}

interface IndexEntry {
  readonly id: string
  readonly dir: string
  readonly protocol: string
  readonly features: ReadonlyArray<string>
  readonly provenance: string
}

interface Meta {
  readonly provider: string
  readonly model: string | null
  readonly streaming: boolean
  readonly status: number | null
  readonly headers: { readonly [name: string]: string } | null
  readonly files: { readonly request?: string | null; readonly response?: string | null }
}

const read = (...path: ReadonlyArray<string>): string => readFileSync(join(fixtures, ...path), "utf8")

/** A stream framed as one JSON array, as the events that its elements are: the framing has its own tests. */
const eventsOfArray = (elements: ReadonlyArray<Json>): Uint8Array =>
  new TextEncoder().encode(elements.map((element) => `data: ${JSON.stringify(element)}\n\n`).join(""))

const beginning = /(?<=\n\r?\n)event: (?:message_start|response\.created)\r?\n/g
const terminal = /^event: (?:message_stop|response\.(?:completed|incomplete|failed))\r?$/m

/** Some recorders wrote the answers of several requests into one stream: where one begins behind the end of another, it is another. */
const answersIn = (bytes: Buffer): ReadonlyArray<Uint8Array> => {
  const text = bytes.toString("latin1")
  const cuts = [0]
  for (const { index } of text.matchAll(beginning)) if (terminal.test(text.slice(cuts.at(-1), index))) cuts.push(index)
  return cuts.map((from, place) => new Uint8Array(bytes.subarray(from, cuts[place + 1])))
}

const answerOf = (dir: string, meta: Meta): Answer | undefined => {
  const file = meta.files.response
  if (file === null || file === undefined) return undefined
  if (file.endsWith(".sse")) return { type: "stream", answers: answersIn(readFileSync(join(fixtures, dir, file))) }
  const text = read(dir, file)
  if (file.endsWith(".jsonarray")) return { type: "stream", answers: [eventsOfArray(JSON.parse(text))] }
  return { type: "body", status: meta.status ?? 200, text, json: file.endsWith(".txt") ? null : JSON.parse(text) }
}

/** Vertex names the model in the path; here it stands where the protocol has it. */
const withModel = (request: Json, model: string | null): Json =>
  isObject(request) && request["model"] === undefined && model !== null ? { model, ...request } : request

const load = ({ dir, features, id, provenance }: IndexEntry): Case => {
  const meta: Meta = JSON.parse(read(dir, "meta.json"))
  const request = meta.files.request
  const answer = answerOf(dir, meta)
  return {
    id,
    features,
    provenance,
    provider: meta.provider,
    model: meta.model ?? "unknown",
    isStreaming: meta.streaming,
    headers: meta.headers ?? {},
    ...(request === null || request === undefined ? {} : { request: withModel(JSON.parse(read(dir, request)), meta.model) }),
    ...(answer === undefined ? {} : { answer })
  }
}

/** All recorded exchanges of a protocol, in the order of their names; none where the recordings are absent. */
export const casesOf = (protocol: string): ReadonlyArray<Case> => {
  if (!isPresent) return []
  const index: { readonly cases: ReadonlyArray<IndexEntry> } = JSON.parse(read("index.json"))
  return index.cases.filter((entry) => entry.protocol === protocol).toSorted((left, right) => left.id < right.id ? -1 : 1).map(load)
}
