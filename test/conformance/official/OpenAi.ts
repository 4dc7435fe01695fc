/** What the two protocols of OpenAI's specification have in common. */
import { formatted } from "./Patches.ts"
import type { Patch } from "./Specification.ts"

/** Where the document is. */
export const path = "openai/openapi.json"

const citation = { type: "url_citation", url: "https://www.google.com/search?q=weather in Paris", title: "t", start_index: 0, end_index: 1 }

/** Addresses are said as they were. */
export const addresses: Patch = {
  name: "addresses as they are",
  changes: "`format: uri` is not judged.",
  because: "Recorded answers of Google cite addresses with blanks, and clients send letters beyond ASCII; an address is passed on as it was said.",
  apply: formatted("uri"),
  example: { schema: "UrlCitationBody", value: citation, isAccepted: true }
}
