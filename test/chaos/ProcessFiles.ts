/** What the kernel says of a process: its open sockets. Reads /proc; elsewhere there is nothing to read. */
import { readdirSync, readlinkSync } from "node:fs"

/** How many sockets the process has open; undefined where the kernel does not tell. */
export const sockets = (pid: number): number | undefined => {
  const folder = `/proc/${pid}/fd`
  try {
    return readdirSync(folder).filter((name) => targetOf(`${folder}/${name}`).startsWith("socket:")).length
  } catch {
    return undefined
  }
}

const targetOf = (link: string): string => {
  try {
    return readlinkSync(link)
  } catch {
    // Closed between listing and reading
    return ""
  }
}
