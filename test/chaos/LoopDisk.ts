/**
 * A small ext4 file system on a loop device, and what a power cut leaves of it: a copy of the backing file holds exactly what the
 * file system had written out, and mounting the copy recovers as a machine does that starts again. Needs root on Linux.
 */
import { execFileSync } from "node:child_process"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** A mounted file system. */
export interface LoopDisk {
  /** Where it is mounted. */
  readonly folder: string
  /** Mounts what is on the disk at this moment, as after a power cut, somewhere else. Whatever writes to this one must stand still. */
  readonly cut: () => LoopDisk
  readonly unmount: () => void
}

const call = (program: string, ...args: ReadonlyArray<string>): string =>
  execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim()

const mounted = new Set<string>()
process.on("exit", () => {
  for (const folder of mounted) {
    try {
      call("umount", "-l", folder)
    } catch {
      // Nothing more can be done at the end of the process
    }
  }
})

let disks = 0

const mount = (place: string, image: string): LoopDisk => {
  const folder = join(place, `disk-${++disks}`)
  mkdirSync(folder, { recursive: true })
  call("mount", "-o", "loop", image, folder)
  mounted.add(folder)
  return {
    folder,
    cut: () => {
      const copy = join(place, `image-${disks + 1}`)
      call("cp", "--sparse=always", image, copy)
      return mount(place, copy)
    },
    unmount: () => {
      call("umount", folder)
      mounted.delete(folder)
      rmSync(image, { force: true })
    }
  }
}

/** Makes and mounts one; gives the reason where this machine cannot. */
export const make = (place: string, megabytes: number): LoopDisk | string => {
  const image = join(place, "image-0")
  try {
    writeFileSync(image, "")
    call("truncate", "-s", `${megabytes}M`, image)
    call("mkfs.ext4", "-q", image)
    return mount(place, image)
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n").findLast((line) => line.trim() !== "") ?? error.message : String(error)
    return `an ext4 file system on a loop device cannot be mounted here, which needs root on Linux (${reason.replaceAll(place, "FOLDER")})`
  }
}
