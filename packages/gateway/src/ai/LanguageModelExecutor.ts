/**
 * A `LanguageModel` of Effect (`effect/ai`) as a provider of the gateway: whatever implements it, over HTTP or not, answers requests of
 * every protocol the gateway speaks. It is asked in a dialect of its own, `effect-ai`, so that what a prompt of Effect cannot carry is a
 * loss like any other: judged by the model entry's fidelity, told in headers, kept in the ledger.
 *
 * @example
 * LanguageModelExecutor.layer({ id: "local" }).pipe(Layer.provide(OnDevice.layer))     // OnDevice provides LanguageModel
 */
import * as CanonicalDialect from "@sluice/protocol/CanonicalDialect"
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import type { Dialect } from "@sluice/protocol/Dialect"
import { fail, type GatewayError } from "@sluice/protocol/GatewayError"
import * as Json from "@sluice/protocol/Json"
import * as Sse from "@sluice/protocol/Sse"
import { DialectId, isObject, type JsonObject } from "@sluice/protocol/Wire"
import type * as AiError from "effect/ai/AiError"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Prompt from "effect/ai/Prompt"
import * as Tool from "effect/ai/Tool"
import * as Toolkit from "effect/ai/Toolkit"
import * as Effect from "effect/Effect"
import * as JsonSchema from "effect/JsonSchema"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaRepresentation from "effect/SchemaRepresentation"
import * as Stream from "effect/Stream"
import * as ByteSource from "../ByteSource.ts"
import type { AttemptRequest, Executor } from "../Executor.ts"
import { ExecutorInstalled } from "../HttpExecutor.ts"
import * as Failures from "../languageModel/Failures.ts"
import * as PartEvents from "../languageModel/PartEvents.ts"
import * as RequestPrompt from "../languageModel/RequestPrompt.ts"
import { ProviderId } from "../ProviderId.ts"
import { Executors } from "../Registries.ts"
import { defaults, type Limits } from "../Timeouts.ts"

/** How the provider stands among the others. */
export interface Options {
  /** The provider's name in routes, ledger rows and headers; see `ProviderId`. */
  readonly id: string
  readonly limits?: Partial<Limits>
  /** Extra tries at this provider before the commit; absent = 1. */
  readonly retries?: number
}

/** What language models of Effect are asked in. */
export const dialect: Dialect = {
  ...CanonicalDialect.dialect,
  id: DialectId.make("effect-ai"),
  request: { ...CanonicalDialect.dialect.request, encode: RequestPrompt.encode }
}

const decodePrompt = Schema.decodeUnknownEffect(Prompt.Prompt)

const wrong = (what: string): GatewayError => fail({ class: "unsupported", message: `The language model cannot be asked this: ${what}.` })

const toolOf = (value: unknown) =>
  isObject(value) && typeof value["name"] === "string" && isObject(value["parameters"])
    ? [Tool.dynamic(value["name"], {
      parameters: value["parameters"],
      ...(typeof value["description"] === "string" ? { description: value["description"] } : {})
    })]
    : []

const choiceOf = (value: unknown): LanguageModel.ToolChoice<string> => {
  if (value === "none" || value === "required") return value
  if (!isObject(value)) return "auto"
  if (typeof value["tool"] === "string") return { tool: value["tool"] }
  const names = value["oneOf"]
  return Array.isArray(names) ? { mode: value["mode"] === "required" ? "required" : "auto", oneOf: names.map(String) } : "auto"
}

type Structure = Schema.Codec<{ readonly [key: string]: unknown }, { readonly [key: string]: unknown }>

/** The schema of a structured answer. Patterns are the provider's to hold: a caller's regular expressions are not run here. */
const schemaOf = (schema: JsonObject): Effect.Effect<Structure, GatewayError> =>
  schema["type"] === "object"
    ? Effect.try({
      // What is made of the JSON Schema of an object has objects on both sides and needs no services
      try: () => SchemaRepresentation.fromJsonSchemaDocument(JsonSchema.fromSchemaDraft2020_12(schema), { patterns: "ignore" }) as Structure,
      catch: (error) => wrong(`its JSON Schema, ${error instanceof Error ? error.message : String(error)}`)
    })
    : wrong("a structured answer that is no object")

const failed = (error: AiError.AiError | GatewayError): ReadonlyArray<CanonicalEvent> => [
  { type: "error", failure: error._tag === "AiError" ? Failures.toFailure(error) : error.failure }
]

const encoder = new TextEncoder()

const written = (events: ReadonlyArray<CanonicalEvent>): Uint8Array => {
  const writer = CanonicalDialect.dialect.events.encoder.start({ request: { model: "", turns: [] }, id: "", created: 0, sink: { losses: [], add: () => {} } })
  return encoder.encode(Sse.writeAll(writer.step({ events })))
}

/** The events of the answer to one request; a failure is the last of them. */
const answer = (model: LanguageModel.LanguageModel, body: JsonObject): Stream.Stream<ReadonlyArray<CanonicalEvent>> =>
  Stream.unwrap(Effect.gen(function*() {
    const prompt = yield* Effect.mapError(decodePrompt(body["prompt"]), ({ message }) => wrong(message))
    const { schema, tools } = body
    const toolkit = Toolkit.make(...(Array.isArray(tools) ? tools.flatMap(toolOf) : []))
    const asked = { prompt, toolkit, toolChoice: choiceOf(body["toolChoice"]), disableToolCallResolution: true, toolCallValidation: "deferred" } as const
    const read = PartEvents.make(dialect.id)
    if (isObject(schema) && isObject(schema["schema"])) {
      const structure = yield* schemaOf(schema["schema"])
      const whole = model.generateObject({ ...asked, schema: structure, objectName: String(schema["name"]) })
      return Stream.fromEffect(Effect.map(whole, ({ content }) => content.flatMap(read)))
    }
    return Stream.map(model.streamText(asked), read)
  })).pipe(Stream.catch((error) => Stream.make(failed(error))))

const textOf = ({ body }: AttemptRequest): string => typeof body === "string" ? body : new TextDecoder().decode(body)

/** The executor over a language model. */
export const make = (model: LanguageModel.LanguageModel, { id, limits, retries = 1 }: Options): Executor => ({
  id: ProviderId.make(id),
  dialect,
  limits: { ...defaults, ...limits },
  retries,
  open: Effect.fnUntraced(function*(request: AttemptRequest) {
    const body = Result.getOrUndefined(Json.parse(textOf(request)))
    if (!isObject(body)) return yield* wrong("its request is no JSON object")
    const events = Stream.filter(answer(model, body), (events) => events.length > 0)
    return { status: 200, headers: { "content-type": "text/event-stream" }, body: yield* ByteSource.fromStream(Stream.map(events, written)) }
  })
})

/** Installs the program's `LanguageModel` as a provider. */
export const layer = (options: Options): Layer.Layer<ExecutorInstalled, never, Executors | LanguageModel.LanguageModel> =>
  Layer.effect(
    ExecutorInstalled,
    Effect.gen(function*() {
      const model = yield* LanguageModel.LanguageModel
      const registry = yield* Executors
      yield* registry.register(make(model, options))
      return true as const
    })
  )
