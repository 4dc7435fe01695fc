/** The Anthropic dialect: the Messages API. */
export * as AnthropicMessages from "./messages/Dialect.ts"
