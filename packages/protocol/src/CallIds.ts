/**
 * Fits ids and names of tool calls to what a dialect accepts. Pure functions of the id or name alone, because the client
 * brings them back in its next request and the same id must come out again.
 */

/** What a dialect accepts. */
export interface IdRule {
  /** Characters that are allowed. */
  readonly allowed: RegExp
  readonly maxLength: number
}

/** FNV-1a over UTF-16 units, in two 32-bit lanes: short, stable, and not for secrets. */
export const digest = (text: string): string => {
  let low = 0x811c9dc5
  let high = 0x01000193
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    low = Math.imul(low ^ unit, 0x01000193) >>> 0
    high = Math.imul(high ^ (unit + index), 0x85ebca6b) >>> 0
  }
  return low.toString(36).padStart(7, "0") + high.toString(36).padStart(7, "0")
}

/** The id itself where the rule allows it, else a readable prefix and a digest of the whole. */
export const fit = (id: string, rule: IdRule): string => {
  const clean = [...id].map((character) => rule.allowed.test(character) ? character : "_").join("")
  if (clean === id && id.length > 0 && id.length <= rule.maxLength) return id
  return `${clean.slice(0, Math.max(0, rule.maxLength - 15))}_${digest(id)}`
}

/**
 * An id for a call that came without one, from its place in its answer. The answer's own id is in it, because a conversation
 * holds calls of many answers, and protocols refuse two of one id; without it the place alone must do.
 */
export const made = (answer: string | undefined, ...place: ReadonlyArray<number>): string =>
  ["call", ...(answer === undefined || answer === "" ? [] : [digest(answer)]), ...place].join("_")
