/**
 * The bodies of `embedContent` (one input) and `batchEmbedContents` (several) to and from the canonical question. Each entry says
 * for itself what it is for and how long its vector is, and names its model, which must be that of the path.
 */
import type { EmbeddingInput, EmbeddingRequest } from "@sluice/protocol/CanonicalEmbedding"
import type { RequestInput } from "@sluice/protocol/Dialect"
import * as Fields from "@sluice/protocol/Fields"
import type { Failure } from "@sluice/protocol/GatewayError"
import { asJson, asObject } from "@sluice/protocol/Guard"
import { present } from "@sluice/protocol/Json"
import * as Loss from "@sluice/protocol/Loss"
import * as Pointer from "@sluice/protocol/Pointer"
import type { EncodedQuestion } from "@sluice/protocol/Question"
import { isObject, type Json, type JsonObject, valueIn } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Keys from "../generate/Keys.ts"
import { check as checked, invalid } from "../generate/Wire.ts"
import * as Wire from "./Wire.ts"

type Place = Fields.Place<undefined>

const prefix = "models/"

const plainName = (name: string): string => name.startsWith(prefix) ? name.slice(prefix.length) : name

const checkOne = checked(Wire.One)
const checkMany = checked(Wire.Many)

const isBatch = (body: Json): boolean => isObject(body) && body["requests"] !== undefined

const known: ReadonlySet<string> = new Set(Keys.spelled("content", "taskType", "title", "outputDimensionality", "model"))
const none: ReadonlySet<string> = new Set(["requests", "model"])

/** The text of a content whose parts are nothing but text; as Gemini does, one after the other. */
const textOf = ({ parts }: typeof Wire.Content.Type): string | undefined => {
  const texts = (parts ?? []).map((part) => Object.keys(part).length === 1 && typeof part["text"] === "string" ? part["text"] : undefined)
  return texts.includes(undefined) ? undefined : texts.join("")
}

const decodeInput = (wire: Wire.One, at: string): EmbeddingInput => {
  const text = textOf(wire.content)
  const taskType = Keys.read(wire, "taskType")
  const node = {
    ...present({ taskType: taskType === undefined ? undefined : String(taskType), title: wire.title ?? undefined }),
    at,
    wire: { dialect: Wire.id, value: asJson(wire) },
    ...present({ foreign: Fields.foreignKeys([], wire, known) }),
    places: { taskType: Pointer.child(at, Keys.nameIn(wire, "taskType")), title: Pointer.child(at, "title"), dimensions: placeOfDimensions(wire, at) }
  }
  return text === undefined ? { type: "foreign", dialect: Wire.id, value: asJson(wire.content), ...node } : { type: "text", text, ...node }
}

const placeOfDimensions = (wire: Wire.One, at: string): string => Pointer.child(at, Keys.nameIn(wire, "outputDimensionality"))

/** The length that all entries ask for is the question's; where they differ each has its own. */
const withDimensions = (entries: ReadonlyArray<Wire.One>, inputs: ReadonlyArray<EmbeddingInput>): Pick<EmbeddingRequest, "inputs" | "dimensions"> => {
  const lengths = entries.map((entry) => Keys.read(entry, "outputDimensionality"))
  const [first] = lengths
  if (lengths.every((length) => length === first)) return { inputs, ...present({ dimensions: first }) }
  return { inputs: inputs.map((input, index) => ({ ...input, ...present({ dimensions: lengths[index] }) })) }
}

const asQuestion = (
  { body, headers, path }: RequestInput,
  entries: ReadonlyArray<Wire.One>,
  at: (index: number) => string,
  foreign: ReadonlyArray<string> | undefined
): EmbeddingRequest => {
  const [first] = entries
  return {
    model: plainName(path.model ?? entries.find(({ model }) => typeof model === "string")?.model ?? ""),
    ...withDimensions(entries, entries.map((entry, index) => decodeInput(entry, at(index)))),
    ...present({ headers: Object.keys(headers).length === 0 ? undefined : headers, foreign }),
    wire: { dialect: Wire.id, value: body },
    at: "",
    places: first === undefined ? {} : { dimensions: placeOfDimensions(first, at(0)) }
  }
}

/** The first entry that names another model than those before it: a batch has one. */
const odd = (entries: ReadonlyArray<Wire.One>): number => {
  const named = entries.map(({ model }) => model ?? undefined)
  const first = named.find((model) => model !== undefined)
  return named.findIndex((model) => model !== undefined && plainName(model) !== plainName(first ?? ""))
}

const decodeBatch = (input: RequestInput): Result.Result<EmbeddingRequest, Failure> =>
  Result.flatMap(checkMany(input.body), (wire) => {
    const at = (index: number) => Pointer.child("", "requests", index)
    const other = odd(wire.requests)
    return other < 0
      ? Result.succeed(asQuestion(input, wire.requests, at, Fields.foreignKeys([], wire, none)))
      : Result.fail(invalid(Pointer.child(at(other), "model"), "must be the model of the other requests of the batch"))
  })

/** A body in canonical words. */
export const decode = (input: RequestInput): Result.Result<EmbeddingRequest, Failure> =>
  isBatch(input.body) ? decodeBatch(input) : Result.map(checkOne(input.body), (wire) => asQuestion(input, [wire], () => "", undefined))

/** What is wrong with a body, if anything is. */
export const refusal = (input: RequestInput): Failure | undefined =>
  Result.match(decode(input), { onFailure: (failure) => failure, onSuccess: () => undefined })

const isOne = Schema.is(Wire.One)

/** What stands for an input of another protocol, so that the vectors still are those of their inputs. */
const blank = " "

const contentOf = (input: EmbeddingInput, origin: Wire.One | undefined, place: Place): Json => {
  if (input.type === "text") return origin !== undefined && textOf(origin.content) === input.text ? asJson(origin.content) : { parts: [{ text: input.text }] }
  if (input.type === "foreign" && input.dialect === Wire.id) return input.value
  place.sink.add({
    at: place.at,
    canonical: place.canonical,
    reason: "approximated",
    weight: "meaning",
    before: input.type === "tokens" ? input.tokens : input.value,
    after: { type: "text", text: blank }
  })
  return { parts: [{ text: blank }] }
}

const modelIn = (model: string, origin: Wire.One | undefined): string | undefined => {
  if (origin === undefined) return `${prefix}${model}`
  const before = origin.model ?? undefined
  return before === undefined ? undefined : before.startsWith(prefix) ? `${prefix}${model}` : model
}

/** What a key is set to: null says as much as absent, and stays. */
const keep = (wire: JsonObject, key: string, value: Json | undefined): Json | undefined => value === undefined && wire[key] === null ? null : value

const encodeInput = (request: EmbeddingRequest, input: EmbeddingInput, place: Place): JsonObject => {
  const value = valueIn(Wire.id, input)
  const origin = isOne(value) ? value : undefined
  const wire = origin === undefined ? {} : asObject(origin)
  const task = Keys.nameIn(wire, "taskType")
  const dimensions = Keys.nameIn(wire, "outputDimensionality")
  const said = wire[task]
  return Fields.patched(wire, {
    model: keep(wire, "model", modelIn(request.model, origin)),
    content: contentOf(input, origin, place),
    // An enumeration may be told by its number
    [task]: keep(wire, task, said !== undefined && String(said) === input.taskType ? said : input.taskType),
    title: keep(wire, "title", input.title),
    [dimensions]: keep(wire, dimensions, input.dimensions ?? request.dimensions)
  })
}

const encodings: ReadonlySet<string | undefined> = new Set([undefined, "float", "base64"])

const lose = (request: EmbeddingRequest, place: Place): void => {
  const { encoding, headers, user } = request
  if (user !== undefined) Fields.lose(place, request, "user", { reason: "dropped", weight: "hint", before: user })
  if (headers !== undefined) Fields.lose(place, request, "headers", { reason: "dropped", weight: "hint", before: headers })
  // Numbers and base64 are written by the client's own encoder; any other form only its provider knows
  if (!encodings.has(encoding)) Fields.lose(place, request, "encoding", { reason: "dropped", weight: "meaning", before: encoding })
  for (const key of request.foreign ?? []) {
    place.sink.add({ at: Pointer.child(place.at, key), canonical: Pointer.child("", "foreign", key), reason: "dropped", weight: "hint" })
  }
}

/** A question as a body of the form it came in; a foreign one as `embedContent` where it has one input. */
export const encode = (request: EmbeddingRequest): EncodedQuestion => {
  const own = valueIn(Wire.id, request)
  const sink = Loss.sink()
  const place: Place = { canonical: "", at: request.at ?? "", sink, context: undefined }
  if (own === undefined) lose(request, place)
  const entries = request.inputs.map((input, index) =>
    encodeInput(request, input, { ...place, canonical: Pointer.child("", "inputs", index), at: input.at ?? place.at })
  )
  const [only] = entries
  const isSingle = only !== undefined && entries.length === 1 && !(own !== undefined && isBatch(own))
  const rest = own !== undefined && isBatch(own) ? asObject(own) : {}
  return {
    body: isSingle ? only : Fields.patched(rest, { requests: entries }),
    variant: isSingle ? "one" : "many",
    headers: own === undefined ? {} : request.headers ?? {},
    losses: sink.losses,
    renamed: new Map()
  }
}
