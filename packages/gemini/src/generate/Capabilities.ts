/**
 * What a Gemini model takes, told from its name, because the wire does not say. Only crossings ask: a request that came in this
 * dialect goes out as it is. Sources: Google's notes on thinking (2.5: budgets; 3: levels), on thought signatures and on JSON Schema.
 */

/** Generation of a Gemini model as one number, `2.5` as 205; absent for models of other names. */
const generation = (model: string): number | undefined => {
  const found = /gemini-(\d{1,2})(?:\.(\d{1,2}))?/.exec(model)
  return found === null ? undefined : Number(found[1]) * 100 + Number(found[2] ?? 0)
}

/** How a model is told to think; names that say nothing take either. */
export const thinkingOf = (model: string): "budget" | "level" | "both" => {
  const known = generation(model)
  return known === undefined ? "both" : known >= 300 ? "level" : "budget"
}

/** Thinking budgets in tokens: the largest there is, and the smallest for models that cannot do without. */
export const budgetsOf = (model: string): { readonly least: number; readonly most: number } => {
  if (generation(model) === undefined) return { least: 0, most: Number.MAX_SAFE_INTEGER }
  return /flash/.test(model) ? { least: 0, most: 24_576 } : { least: 128, most: 32_768 }
}

/** Whether a model asks for the signature of the calls it made. */
export const needsSignatures = (model: string): boolean => (generation(model) ?? 0) >= 300

/** Whether a model takes JSON Schema beside Gemini's own Schema. */
export const takesJsonSchema = (model: string): boolean => (generation(model) ?? 205) >= 200
