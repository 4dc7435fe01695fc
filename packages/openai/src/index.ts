/** openai */
export {}
