/** The protocols this server speaks, to clients and to providers. A new one is one import and one entry here. */
import { AnthropicMessages } from "@sluice/anthropic"
import { GeminiGenerate } from "@sluice/gemini"
import { OpenAiChat, OpenAiResponses } from "@sluice/openai"
import type { Dialect } from "@sluice/protocol/Dialect"

/** All of them; the first answers where a path belongs to several and the request does not say. */
export const dialects: ReadonlyArray<Dialect> = [OpenAiChat.dialect, OpenAiResponses.dialect, AnthropicMessages.dialect, GeminiGenerate.dialect]

/** The dialect a configured provider speaks: a configuration that names one that is not here was refused. */
export const dialectOf = (provider: { readonly dialect: string }): Dialect => dialects.find(({ id }) => id === provider.dialect) ?? OpenAiChat.dialect
