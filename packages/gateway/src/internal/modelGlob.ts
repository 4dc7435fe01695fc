/**
 * A name with at most one `*`, as model ids and target models use it. Compiled once; matching is two string comparisons, no regular expression.
 * Not a file glob: `*` crosses slashes, and `?`, `[` and `{` stand for themselves.
 */

/** The text before and after the star. */
export interface ModelGlob {
  readonly prefix: string
  readonly suffix: string
}

/** How many stars a text holds. */
export const starCount = (text: string): number => text.split("*").length - 1

/** The glob of a text with one star; undefined for an exact name. */
export const compile = (text: string): ModelGlob | undefined => {
  const star = text.indexOf("*")
  return star === -1 ? undefined : { prefix: text.slice(0, star), suffix: text.slice(star + 1) }
}

/** What the star stands for in `text`; undefined when the glob does not match. */
export const match = (glob: ModelGlob, text: string): string | undefined =>
  text.length >= glob.prefix.length + glob.suffix.length && text.startsWith(glob.prefix) && text.endsWith(glob.suffix)
    ? text.slice(glob.prefix.length, text.length - glob.suffix.length)
    : undefined

/** The text with its star replaced. */
export const substitute = (text: string, star: string): string => {
  const glob = compile(text)
  return glob === undefined ? text : glob.prefix + star + glob.suffix
}
