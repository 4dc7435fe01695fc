/** The dialects of OpenAI: Chat Completions and Responses. */
export * as OpenAiChat from "./chat/Dialect.ts"
export * as OpenAiResponses from "./responses/Dialect.ts"
