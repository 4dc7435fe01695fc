/**
 * Offers a model of the gateway as a `LanguageModel` of Effect (`effect/ai`): text, tools, structured output, streams, thinking and
 * usage, with every exchange going through the pipeline of the gateway. What a prompt or an answer holds that the other side has no
 * place for is a loss: told, and where it changes what is meant, refused.
 *
 * @example
 * const answer = LanguageModel.generateText({ prompt: "Hello" })                   // of effect/ai
 * Effect.provide(answer, SluiceLanguageModel.layer("gpt-4o").pipe(Layer.provide(CompletionClient.layer)))
 */
import { fail, type GatewayError } from "@sluice/protocol/GatewayError"
import * as Loss from "@sluice/protocol/Loss"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { CompletionClient, type Options as ClientOptions } from "../CompletionClient.ts"
import type { CompletionModel, CompletionRequest } from "../CompletionModel.ts"
import * as AnswerParts from "../languageModel/AnswerParts.ts"
import * as Failures from "../languageModel/Failures.ts"
import * as PromptRequest from "../languageModel/PromptRequest.ts"
import type { Fidelity } from "../ModelEntry.ts"

/** How the model is offered. */
export interface Options {
  /** What every request says that a prompt has no words for: bounds of the answer, sampling, thinking. */
  readonly request?: Partial<CompletionRequest>
  /** Which losses of a prompt are borne: `default` refuses those of meaning, `strict` all, `lenient` none. */
  readonly fidelity?: Fidelity
  /** Told what a prompt or an answer lost; absent = it is logged as a warning. */
  readonly onLoss?: (losses: ReadonlyArray<Loss.Loss>) => Effect.Effect<void>
}

const warn = (losses: ReadonlyArray<Loss.Loss>): Effect.Effect<void> =>
  Effect.logWarning("A language model's prompt or answer was not carried whole", losses.map(Loss.toText))

const refused = (losses: ReadonlyArray<Loss.Loss>): GatewayError =>
  fail({
    class: "unsupported-crossing",
    message: `The gateway cannot carry ${losses.map(({ at }) => at).join(", ")} of the prompt. Remove ${
      losses.length === 1 ? "it" : "them"
    }, or offer the model with fidelity: lenient.`,
    ...(losses[0] === undefined ? {} : { param: losses[0].at })
  })

/** The model as a `LanguageModel`. */
export const make = (
  model: CompletionModel,
  { fidelity = "default", onLoss = warn, request: more = {} }: Options = {}
): Effect.Effect<LanguageModel.LanguageModel> => {
  const told = (losses: ReadonlyArray<Loss.Loss>): Effect.Effect<void> => losses.length === 0 ? Effect.void : onLoss(losses)

  const asked = (options: LanguageModel.ProviderOptions): Effect.Effect<CompletionRequest, GatewayError> => {
    const { losses, request } = PromptRequest.make(options, more)
    const unbearable = fidelity === "lenient" ? [] : fidelity === "strict" ? losses : losses.filter(({ weight }) => weight === "meaning")
    return unbearable.length > 0 ? refused(unbearable) : Effect.as(told(losses), request)
  }

  const streamed = (request: CompletionRequest) =>
    Effect.map(model.stream(request), (events) => {
      const reading = AnswerParts.streaming()
      return events.pipe(
        Stream.map(reading.step),
        Stream.flattenIterable,
        Stream.onEnd(Effect.suspend(() => told(reading.losses())))
      )
    })

  return LanguageModel.make({
    generateText: (options) =>
      asked(options).pipe(
        Effect.flatMap(model.generate),
        Effect.mapError(Failures.toAiError("generateText")),
        Effect.flatMap((answer) => {
          const { losses, parts } = AnswerParts.whole(answer)
          return Effect.as(told(losses), parts)
        })
      ),
    streamText: (options) => asked(options).pipe(Effect.flatMap(streamed), Stream.unwrap, Stream.mapError(Failures.toAiError("streamText"))),
    supportsSystemMessagesInHistory: Effect.succeed(true)
  })
}

/** A model of the gateway, by its name, as the program's `LanguageModel`. */
export const layer = (model: string, options: Options & ClientOptions = {}): Layer.Layer<LanguageModel.LanguageModel, never, CompletionClient> =>
  Layer.effect(LanguageModel.LanguageModel, CompletionClient.use((client) => make(client.completionModel(model, options), options)))
