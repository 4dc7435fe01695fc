// What reading and writing the JSON of one streamed event costs in this process: the unit in which the crossing's target is stated.
// Measured beside each round of the streams, so that it shares their machine's mood.
import { eventTexts } from "./Wire.ts"
import type { WireDialect } from "./Wire.ts"

const passes = 250

const readAndWrite = (texts: ReadonlyArray<string>, times: number): number => {
  let characters = 0
  for (let pass = 0; pass < times; pass++) {
    for (const text of texts) characters += JSON.stringify(JSON.parse(text)).length
  }
  return characters
}

/** Mean CPU microseconds of JSON.parse and JSON.stringify of one event of the stream the upstream sends. */
export const parseAndStringify = (dialect: WireDialect, events: number): number => {
  const texts = eventTexts(dialect, events)
  readAndWrite(texts, passes / 5) // warm-up
  const before = process.cpuUsage()
  const characters = readAndWrite(texts, passes)
  const used = process.cpuUsage(before)
  if (characters === 0) throw new Error("the events are empty")
  return (used.user + used.system) / (passes * texts.length)
}
