/** The Gemini dialect: generateContent. */
export {}
