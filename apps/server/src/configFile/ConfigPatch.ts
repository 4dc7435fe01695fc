/**
 * Changes single values of a configuration's text and leaves the rest as it stands, comments too. A value that is there and plain is
 * replaced in its place; one that is new makes the text be written anew, with its comments, in the same order. Pure.
 */
import { Result, Schema } from "effect"
import { type Document, isMap, isSeq } from "yaml"
import { pathText, type Problem, problem } from "../config/ConfigError.ts"
import * as ConfigText from "./ConfigText.ts"

/** One change. An entry of a list is named by its `id` or its index. */
export const Change = Schema.Struct({
  path: Schema.NonEmptyArray(Schema.Union([Schema.String, Schema.Int])).annotate({
    description: "Where: keys of mappings, and of lists the `id` or the index of an entry: `[\"providers\", \"openai\", \"retries\"]`."
  }),
  value: Schema.optionalKey(Schema.Json.annotate({ description: "What is to stand there. Absent = the key is removed." }))
}).annotate({ identifier: "ConfigChange" })

/** The type of `Change`. */
export type Change = typeof Change.Type

type Steps = ReadonlyArray<string | number>

/** The path with ids of entries as their indexes. */
const located = (document: Document.Parsed, path: Steps): Result.Result<Steps, ReadonlyArray<Problem>> => {
  const steps: Array<string | number> = []
  for (const step of path) {
    const inside: unknown = steps.length === 0 ? document.contents : document.getIn(steps, true)
    if (isSeq(inside) && typeof step === "string") {
      const at = inside.items.findIndex((item) => isMap(item) && String(item.get("id")) === step)
      if (at === -1) return Result.fail([problem(path, `no entry of ${pathText(steps)} has the id ${JSON.stringify(step)}`)])
      steps.push(at)
    } else if (isSeq(inside) && typeof step === "number" && step > inside.items.length) {
      return Result.fail([problem(path, `${pathText(steps)} has no entry ${step}`)])
    } else if (isMap(inside) || isSeq(inside) || inside === undefined || inside === null) {
      steps.push(step)
    } else return Result.fail([problem(path, `${pathText(steps)} is a single value and has nothing below it`)])
  }
  return Result.succeed(steps)
}

const isPlain = (value: unknown): value is string | number | boolean => typeof value === "string" || typeof value === "number" || typeof value === "boolean"

/** Comments stay, long lines are not broken. */
const written = (document: Document.Parsed): string => document.toString({ lineWidth: 0 })

const changed = (text: string, { path, value }: Change): Result.Result<string, ReadonlyArray<Problem>> =>
  Result.gen(function*() {
    const document = yield* ConfigText.documentOf(text)
    const steps = yield* located(document, path)
    if (value === undefined) {
      if (!document.hasIn(steps)) return yield* Result.fail([problem(path, "there is nothing to remove")])
      document.deleteIn(steps)
      return written(document)
    }
    const inPlace = isPlain(value) ? ConfigText.withScalar(text, document.getIn(steps, true), value) : undefined
    if (inPlace !== undefined) return inPlace
    document.setIn(steps, document.createNode(value))
    return written(document)
  })

/** The text with all changes, in their order. */
export const apply = (text: string, changes: ReadonlyArray<Change>): Result.Result<string, ReadonlyArray<Problem>> =>
  changes.reduce<Result.Result<string, ReadonlyArray<Problem>>>(
    (result, change) => Result.flatMap(result, (current) => changed(current, change)),
    Result.succeed(text)
  )
