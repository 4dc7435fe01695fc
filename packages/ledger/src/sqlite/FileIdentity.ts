/** Which file a name stands for now: to notice that a database was deleted or replaced under an open connection, which SQLite does not. */
import { statSync } from "node:fs"

/** Device and inode of the file; undefined where there is none. */
export const of = (filename: string): string | undefined => {
  const found = statSync(filename, { throwIfNoEntry: false })
  return found === undefined ? undefined : `${found.dev}:${found.ino}`
}
