// What the requests and answers of the benchmark say, in every protocol the same.

const sentence = "The harbour master keeps a log of every vessel that enters or leaves, with tonnage, origin, cargo and the name of the pilot on duty. "
const words = sentence.trim().split(" ")

/** Prose of a given number of sentences. */
export const prose = (sentences: number): string => sentence.repeat(sentences)

/** The text of one delta. */
export const word = (index: number): string => ` ${words[index % words.length]}`

/** What every request is told before the question. */
export const instructions = "You are a patient assistant. Answer in plain words."

/** The tool of the crossings: its name proves that a call arrived. */
export const tool = {
  name: "get_weather",
  description: "Current weather of a city, as the nearest station reports it",
  schema: {
    type: "object",
    properties: { city: { type: "string", description: "City name" }, unit: { type: "string", enum: ["celsius", "fahrenheit"] } },
    required: ["city"]
  },
  call: { city: "Rotterdam", unit: "celsius" }
}

/** The deltas of a call's arguments: `count` pieces of one JSON object. */
export const argumentPieces = (count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, index) => index === 0 ? "{\"city\":\"" : index === count - 1 ? "\"}" : "Rotterdam")
