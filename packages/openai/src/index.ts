/** The dialects of OpenAI: Chat Completions. */
export * as OpenAiChat from "./chat/Dialect.ts"
