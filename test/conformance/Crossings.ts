/**
 * What a crossing of a request may lose: one table per target, each row a loss with its reason, its weight and why. A loss
 * outside the table fails a test, and so does a row that no test meets. docs/reference/crossings.md is made from it.
 */
import type { Loss } from "@sluice/protocol/Loss"
import * as Laws from "../../packages/testing/src/Laws.ts"
import * as AnswerCrossings from "./AnswerCrossings.ts"
import * as NewerRequestCrossings from "./NewerRequestCrossings.ts"
import * as RequestCrossings from "./RequestCrossings.ts"

/**
 * Where the loss occurs and is met by the tests: `canonical` for random values of the whole canonical model, the short name of a
 * dialect for random values of it, with `recorded` behind it where only recorded traffic of it meets the loss; `all` for the
 * canonical model and every other dialect.
 */
type Origin = string

/** One loss: canonical place with stars for indexes, what is done, how grave, where from, why. */
export type Row = readonly [at: string, reason: Loss["reason"], weight: Loss["weight"], from: Origin, why: string]

/** What crosses: requests from a client to a provider, answers from a provider to a client. */
export type Direction = "request" | "answer"

const tables: { readonly [D in Direction]: { readonly [target: string]: ReadonlyArray<Row> } } = {
  request: { ...RequestCrossings.tables, ...NewerRequestCrossings.tables },
  answer: AnswerCrossings.tables
}

/** The dialects there are tables for. */
export const dialects: ReadonlyArray<string> = Object.keys(tables.request)

/** Whether the tables speak of a crossing from one dialect to another. */
export const isDeclared = (from: string, to: string): boolean => from !== to && dialects.includes(from) && dialects.includes(to)

/** Whom the rows call what. */
const shortNames: { readonly [dialect: string]: string } = {
  "canonical": "canonical",
  "openai-chat": "chat",
  "anthropic-messages": "messages",
  "openai-responses": "responses",
  "gemini-generate": "gemini"
}

/** How a loss is met from a dialect: on random values, only in recorded traffic, or not at all. */
const metBy = (origin: Origin, from: string): "law" | "recorded" | undefined => {
  const name = shortNames[from] ?? from
  const sources = origin.split(", ")
  if (sources.includes(name) || origin === "all") return "law"
  return sources.includes(`${name} recorded`) ? "recorded" : undefined
}

/** The rows of a crossing; `canonical` stands for the whole canonical model as origin. */
export const rowsOf = (from: string, to: string, direction: Direction = "request"): ReadonlyArray<Row> =>
  (tables[direction][to] ?? []).filter(([, , , origin]) => metBy(origin, from) !== undefined)

/** Whether a loss of a crossing is in its table. The losses of an answer are reported and never judged, whatever they weigh. */
export const allows = (from: string, to: string, direction: Direction = "request"): (loss: Loss) => boolean => {
  const rows = rowsOf(from, to, direction)
  return (loss) => {
    const place = Laws.lossPattern(loss.canonical)
    // Unknown keys of a dialect have no home elsewhere, whatever they are.
    if (place.endsWith("/foreign/*")) return loss.reason === "dropped" && loss.weight === "hint"
    return rows.some(([at, reason, weight]) => at === place && reason === loss.reason && (direction === "answer" || weight === loss.weight))
  }
}

const keysMetBy = (how: "law" | "recorded"): ReadonlyArray<string> =>
  (["request", "answer"] as const).flatMap((direction) =>
    dialects.flatMap((to) =>
      ["canonical", ...dialects.filter((from) => isDeclared(from, to))].flatMap((from) =>
        rowsOf(from, to, direction).filter(([, , , origin]) => metBy(origin, from) === how).map(([at, reason]) =>
          `loss ${direction} ${from} → ${to}:${at};${reason}`
        )
      )
    )
  )

/** Every row that random values meet, as the coverage of the laws counts it. */
export const countedKeys = (): ReadonlyArray<string> => keysMetBy("law")

/** The rows that only recorded traffic meets, as coverage counts them. */
export const recordedKeys = (): ReadonlyArray<string> => keysMetBy("recorded")
