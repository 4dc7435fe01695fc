/**
 * The repository as the tests of its structure and its documents see it: tracked files, packages, what a module exports and
 * imports. Reads text only; no source is run.
 */
import { execFileSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

/** The repository's folder. */
export const root = join(import.meta.dirname, "..")

/** The text of a file, by its path from the root. */
export const read = (path: string): string => readFileSync(join(root, path), "utf8")

/** Whether a file or folder exists. */
export const exists = (path: string): boolean => existsSync(join(root, path))

/** Tracked files that are still there, and new ones that are not ignored, as paths from the root. */
export const files = (): ReadonlyArray<string> =>
  execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 })
    .split("\n")
    .filter((path) => path !== "" && exists(path))

/** The names of the packages, in order. */
export const packages: ReadonlyArray<string> = readdirSync(join(root, "packages")).filter((name) => exists(`packages/${name}/package.json`)).toSorted()

/** Whether a path is a source module of a package or an app. */
export const isSource = (path: string): boolean => /^(?:packages|apps)\/[^/]+\/src\/.*\.ts$/.test(path)

/** What a module imports or re-exports, type imports included. */
export const imports = (text: string): ReadonlyArray<string> =>
  [/^(?:import|export)\b[^"'`=();]*\bfrom "([^"]+)"/gm, /^import "([^"]+)"/gm, /\bimport\("([^"]+)"\)/g].flatMap((pattern) =>
    [...text.matchAll(pattern)].flatMap(([, specifier]) => specifier ?? [])
  )

/** Lines that are neither blank nor comment. */
export const codeLines = (text: string): number =>
  text.replaceAll(/^\s*\/\*[\s\S]*?\*\//gm, "").split("\n").filter((line) => line.trim() !== "" && !line.trim().startsWith("//")).length

/** The middle of a list of numbers. */
export const median = (numbers: ReadonlyArray<number>): number => numbers.toSorted((left, right) => left - right)[Math.floor(numbers.length / 2)] ?? 0
