/**
 * Vercel's `ai` package as a client library: the calls are the same whatever provider package is below, so a provider is its model
 * factory and the options that ask for thinking. `ai` runs the loop of tools itself.
 */
import {
  APICallError,
  generateText,
  isStepCount,
  jsonSchema,
  type JSONSchema7,
  type LanguageModel,
  type ModelMessage,
  Output,
  type StepResult,
  StreamProviderError,
  streamText,
  tool,
  type ToolSet
} from "ai"
import { maxTokens, type Question, resultOf, type Sdk, type Tool } from "./Sdk.ts"

/** One provider package. */
export interface Provider {
  readonly name: string
  /** `url` has no slash at its end. */
  readonly connect: (url: string, key: string) => (model: string) => LanguageModel
  /** What the package needs to be told beside `reasoning` to ask a model it does not know for thinking. */
  readonly options?: NonNullable<Parameters<typeof generateText>[0]["providerOptions"]>
  readonly hidesThinking?: true
}

// What a package cannot carry it says on the console; here that is no news
Reflect.set(globalThis, "AI_SDK_LOG_WARNINGS", false)

const schemaOf = (schema: Tool["schema"]) => jsonSchema({ ...schema } satisfies JSONSchema7)

const messagesOf = ({ image, prompt }: Question): Array<ModelMessage> => [{
  role: "user",
  content: [
    { type: "text", text: prompt },
    ...(image === undefined ? [] : [{ type: "file" as const, data: image, mediaType: "image/png" }])
  ]
}]

const toolsOf = (tools: ReadonlyArray<Tool>): ToolSet =>
  Object.fromEntries(tools.map(({ name, schema }) => [name, tool({ inputSchema: schemaOf(schema), execute: () => resultOf({ name }) })]))

const optionsOf = (provider: Provider, model: LanguageModel, question: Question, tools: ReadonlyArray<Tool>) => ({
  model,
  messages: messagesOf(question),
  maxOutputTokens: maxTokens,
  maxRetries: 0,
  tools: toolsOf(tools),
  stopWhen: isStepCount(3),
  ...(question.schema === undefined ? {} : { output: Output.object({ schema: schemaOf(question.schema) }) }),
  ...(question.think === true ? { reasoning: "medium" as const } : {}),
  ...(question.signal === undefined ? {} : { abortSignal: question.signal }),
  ...(provider.options === undefined ? {} : { providerOptions: provider.options })
})

type Step = StepResult<ToolSet>

/** All steps, whichever way they come. A stream tells errors and an abort as parts. */
const run = async (provider: Provider, model: LanguageModel, question: Question, tools: ReadonlyArray<Tool> = []): Promise<ReadonlyArray<Step>> => {
  const options = optionsOf(provider, model, question, tools)
  if (!question.stream) return (await generateText(options)).steps
  // Errors are thrown below; without this they go to the console too
  const result = streamText({ ...options, onError: () => {} })
  for await (const part of result.stream) {
    if (part.type === "error") throw part.error
    if (part.type === "abort") throw new DOMException("aborted", "AbortError")
    if (part.type === "text-delta") question.onText?.()
  }
  return result.steps
}

/** The library with one of its provider packages. */
export const aiSdk = (provider: Provider): Sdk => ({
  name: `AI SDK, ${provider.name}`,
  connect: (url, key) => {
    const model = provider.connect(url, key)
    return {
      ask: async (question) => {
        const step = (await run(provider, model(question.model), question)).at(-1)
        return {
          text: step?.text ?? "",
          thinking: step?.reasoningText ?? "",
          finish: step?.finishReason ?? "",
          usage: { input: step?.usage.inputTokens ?? 0, output: step?.usage.outputTokens ?? 0 }
        }
      },
      converse: async (question, tools) => {
        const steps = await run(provider, model(question.model), question, tools)
        const calls = steps[0]?.toolCalls ?? []
        return { calls: calls.map(({ input, toolCallId: id, toolName: name }) => ({ id, name, input })), text: steps.at(-1)?.text ?? "" }
      }
    }
  },
  stopped: "stop",
  statusOf: (error) => APICallError.isInstance(error) ? error.statusCode : undefined,
  isAbort: (error) => error instanceof Error && error.name === "AbortError",
  isBroken: (error) => StreamProviderError.isInstance(error) && error.message !== "",
  ...(provider.hidesThinking === true ? { hidesThinking: true } : {})
})
