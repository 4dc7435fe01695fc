/** The body of POST /embeddings to and from the canonical question. OpenAI has one length for all vectors, and no tasks or titles. */
import type { EmbeddingInput, EmbeddingRequest } from "@sluice/protocol/CanonicalEmbedding"
import type { RequestInput } from "@sluice/protocol/Dialect"
import * as Fields from "@sluice/protocol/Fields"
import type { Failure } from "@sluice/protocol/GatewayError"
import { asJson } from "@sluice/protocol/Guard"
import { present } from "@sluice/protocol/Json"
import * as Loss from "@sluice/protocol/Loss"
import * as Pointer from "@sluice/protocol/Pointer"
import type { EncodedQuestion } from "@sluice/protocol/Question"
import { type Json, valueIn } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { check as checked } from "../chat/Wire.ts"
import * as Wire from "./Wire.ts"

type Row = Fields.Field<EmbeddingRequest, Wire.Request, undefined>
type Place = Fields.Place<undefined>

const plain = Fields.plain<EmbeddingRequest, Wire.Request, undefined>()
const itself = <A>(value: A): A => value

const isNumber = (value: Json): value is number => typeof value === "number"

const decodeInput = (value: Json, at: string): EmbeddingInput => {
  const node = { at, wire: { dialect: Wire.id, value } }
  if (typeof value === "string") return { type: "text", text: value, ...node }
  return Array.isArray(value) && value.every(isNumber)
    ? { type: "tokens", tokens: value, ...node }
    : { type: "foreign", dialect: Wire.id, value, ...node }
}

/** A list of numbers is one input; any other list is one of inputs. */
const isList = (input: Json): input is ReadonlyArray<Json> => Array.isArray(input) && !(input.length > 0 && input.every(isNumber))

const decodeInputs = (input: Json, at: string): ReadonlyArray<EmbeddingInput> =>
  isList(input) ? input.map((value, index) => decodeInput(value, Pointer.child(at, index))) : [decodeInput(input, at)]

/** What stands for an input of another protocol: its text, or a blank, so that the vectors still are those of their inputs. */
const blank = " "

const inputFields: ReadonlySet<string> = new Set(["type", "text", "tokens", "dialect", "value"])

const encodeInput = (input: EmbeddingInput, place: Place): Json => {
  const isOwn = input.wire === undefined || input.wire.dialect === Wire.id
  Fields.loseRest([], input, inputFields, place, (field) => field === "dimensions" ? "meaning" : "hint", isOwn)
  if (input.type === "text") return input.text
  if (input.type === "tokens") return input.tokens
  if (input.dialect === Wire.id) return input.value
  place.sink.add({
    at: place.at,
    canonical: place.canonical,
    reason: "approximated",
    weight: "meaning",
    before: input.value,
    after: { type: "text", text: blank }
  })
  return blank
}

const inputs: Row = {
  of: ["inputs"],
  keys: ["input"],
  get: (wire, at) => ({ inputs: decodeInputs(asJson(wire.input), Pointer.child(at, "input")) }),
  put: (request, wire, place) => {
    const written = request.inputs.map((input, index) =>
      encodeInput(input, { ...place, canonical: Pointer.child(place.canonical, "inputs", index), at: input.at ?? Pointer.child(place.at, "input", index) })
    )
    const [only] = written
    const wasList = wire.input !== undefined && isList(asJson(wire.input))
    return { input: only !== undefined && written.length === 1 && !wasList ? only : written }
  }
}

const fields: Fields.Fields<EmbeddingRequest, Wire.Request, undefined> = [
  plain("model", "model", itself, itself),
  inputs,
  plain("dimensions", "dimensions", itself, itself),
  plain("encoding", "encoding_format", itself, itself),
  plain("user", "user", itself, itself)
]

const none: ReadonlySet<string> = new Set()
const handled: ReadonlySet<string> = new Set(["headers"])

const check = checked(Wire.Request)
const isRequest = Schema.is(Wire.Request)

/** A body in canonical words. */
export const decode = ({ body, headers }: RequestInput): Result.Result<EmbeddingRequest, Failure> =>
  Result.map(check(body), (wire) => ({
    model: wire.model,
    inputs: [],
    ...Fields.get(fields, wire, ""),
    ...present({ headers: Object.keys(headers).length === 0 ? undefined : headers, foreign: Fields.foreignKeys(fields, wire, none) }),
    wire: { dialect: Wire.id, value: body },
    at: "",
    places: Fields.places(fields, wire, "")
  }))

/** What is wrong with a body, if anything is. */
export const refusal = ({ body }: RequestInput): Failure | undefined =>
  Result.match(check(body), { onFailure: (failure) => failure, onSuccess: () => undefined })

/** A question as a body, with what could not be said. */
export const encode = (request: EmbeddingRequest): EncodedQuestion => {
  const own = valueIn(Wire.id, request)
  const origin = isRequest(own) ? own : undefined
  const sink = Loss.sink()
  const place: Place = { canonical: "", at: request.at ?? "", sink, context: undefined }
  const body = Fields.put(fields, request, origin, place)
  Fields.loseRest(fields, request, handled, place, () => "hint", origin !== undefined)
  if (origin === undefined && request.headers !== undefined) {
    Fields.lose(place, request, "headers", { reason: "dropped", weight: "hint", before: request.headers })
  }
  return { body, headers: origin === undefined ? {} : request.headers ?? {}, losses: sink.losses, renamed: new Map() }
}
