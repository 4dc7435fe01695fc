/** The Gemini dialect: generateContent. */
export * as GeminiGenerate from "./generate/Dialect.ts"
