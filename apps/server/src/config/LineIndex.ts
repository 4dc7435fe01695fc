/**
 * Finds the line of a place in a YAML text, for error messages: the parser gives values without positions.
 * It reads block mappings and sequences by their indentation; for a place inside a `{ }` or `[ ]` it gives the line the bracket belongs to.
 * A guide for the eye, never part of decoding.
 */

/** The line, counted from 1, of a place or of the nearest place around it; undefined when not even that is known. */
export const lineIndex = (source: string): (path: ReadonlyArray<PropertyKey>) => number | undefined => {
  const lines = new Map<string, number>()
  const open: Array<Level> = []
  let blockScalarIndent = Infinity
  source.split(/\r\n|\r|\n/).forEach((raw, at) => {
    const indent = raw.search(/[^ ]/)
    if (indent === -1 || raw[indent] === "#" || indent > blockScalarIndent) return
    blockScalarIndent = Infinity
    let column = indent
    let rest = raw.slice(column)
    for (;;) {
      const dash = /^-( +|$)/.exec(rest)
      const key = dash === null ? keyAt.exec(rest) : null
      if (dash === null && key === null) break
      const path = place(open, column, key === null ? undefined : key[1] ?? key[2] ?? key[3] ?? "")
      lines.set(keyOf(path), at + 1)
      const length = (dash ?? key)?.[0].length ?? 0
      column += length
      rest = rest.slice(length)
      if (key !== null) break
    }
    if (/^(?:&\S+ +)?[|>][-+0-9]*\s*(?:#.*)?$/.test(rest)) blockScalarIndent = indent
  })
  return (path) => {
    for (let length = path.length; length > 0; length--) {
      const line = lines.get(keyOf(path.slice(0, length)))
      if (line !== undefined) return line
    }
    return undefined
  }
}

// internal

/** One open mapping or sequence: the column its entries begin at, and the path of the entry that is open in it. */
interface Level {
  readonly column: number
  readonly path: ReadonlyArray<PropertyKey>
}

const keyAt = /^(?:"([^"]*)"|'([^']*)'|([^\s#&*!|>'"%@`{}[\],?-][^#{}[\]]*?))\s*:(?:\s+|$)/

const keyOf = (path: ReadonlyArray<PropertyKey>): string => JSON.stringify(path.map(String))

/** Closes the levels an entry at this column is not inside of, opens its own, and gives its path. No key means an item of a sequence. */
const place = (open: Array<Level>, column: number, key: string | undefined): ReadonlyArray<PropertyKey> => {
  // A sequence may stand at the column of the key it belongs to: that key stays open
  const isOutside = (level: Level) => level.column > column || (level.column === column && (key !== undefined || typeof level.path.at(-1) === "number"))
  let previous: Level | undefined
  for (let last = open.at(-1); last !== undefined && isOutside(last); last = open.at(-1)) previous = open.pop()
  const parent = open.at(-1)?.path ?? []
  const before = previous?.column === column && previous.path.length === parent.length + 1 ? previous.path.at(-1) : undefined
  const path = [...parent, key ?? (typeof before === "number" ? before + 1 : 0)]
  open.push({ column, path })
  return path
}
