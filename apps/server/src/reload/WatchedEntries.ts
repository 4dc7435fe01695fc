/**
 * Which entries of which directories decide what a path leads to: the file itself, and every symbolic link on the way to it. Editors put
 * another file in the place of the old one, and orchestrators turn a link to another directory: both are changes of such an entry, and
 * of nothing that a watch on the file itself would see.
 */
import { lstatSync, readlinkSync } from "node:fs"
import { dirname, join, parse, resolve, sep } from "node:path"

/** Entries by their directory. */
export type WatchedEntries = ReadonlyMap<string, ReadonlySet<string>>

/** Links that are followed, at most: a loop ends here. */
const maxLinks = 40

/** What a link leads to; undefined where the path is none, or is not there. */
const linkOf = (path: string): string | undefined => {
  // Node tells what is not there by an exception; it ends here
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined
  } catch {
    return undefined
  }
}

const partsOf = (path: string): Array<string> => path.slice(parse(path).root.length).split(sep).filter((part) => part !== "")

/** The entries of a path, as it leads now. */
export const of = (file: string): WatchedEntries => {
  const found = new Map<string, Set<string>>()
  const whole = resolve(file)
  let directory = parse(whole).root
  let left = partsOf(whole)
  let links = 0
  for (let [name, ...rest] = left; name !== undefined; [name, ...rest] = left) {
    const path = join(directory, name)
    const target = links < maxLinks ? linkOf(path) : undefined
    if (target !== undefined || rest.length === 0) found.set(directory, (found.get(directory) ?? new Set()).add(name))
    if (target === undefined) {
      directory = path
      left = rest
    } else {
      links++
      const next = resolve(dirname(path), target)
      directory = parse(next).root
      left = [...partsOf(next), ...rest]
    }
  }
  return found
}
