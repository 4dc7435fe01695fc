/** A disk that can be full: a file system in memory with a size limit, which is filled up and later given room. Needs root. */
import { execFileSync, spawnSync } from "node:child_process"
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs"
import { join } from "node:path"

/** A mounted disk. */
export interface SmallDisk {
  readonly folder: string
  /** Fills it to the last byte. */
  readonly fill: () => void
  /** Makes it larger. */
  readonly enlarge: () => void
  readonly remove: () => void
}

/** Mounts one below the folder, or says why that is not possible here. */
export const mount = (folder: string, megabytes: number): SmallDisk | string => {
  const point = join(folder, "disk")
  mkdirSync(point, { recursive: true })
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "none", point])
  if (mounted.error !== undefined || mounted.status !== 0) return "no file system of a given size can be mounted here"
  const fill = (): void => {
    const file = openSync(join(point, "filler"), "a")
    // The last bytes one by one
    for (let piece = Buffer.alloc(65_536); piece.length > 0;) {
      try {
        writeSync(file, piece)
      } catch {
        piece = piece.subarray(0, Math.floor(piece.length / 2))
      }
    }
    closeSync(file)
  }
  return {
    folder: point,
    fill,
    enlarge: () => void execFileSync("mount", ["-o", `remount,size=${megabytes * 16}m`, point]),
    remove: () => void spawnSync("umount", ["-l", point])
  }
}
