/**
 * Every file is small, about one thing, named after it, and opens by saying what it is. These are the rules a reader relies on
 * when he looks for something by the listing alone.
 */
import { describe, expect, it } from "vitest"
import { codeLines, files, isSource, median, packages, read } from "../Repository.ts"

const sources = files().filter(isSource)
const maxCodeLines = 400
const maxMedian = 130

const forbidden = new Set(["utils", "util", "helpers", "helper", "common", "misc", "types", "constants", "manager", "shared"])

const nameOf = (path: string): string => path.split("/").at(-1)?.replace(/\.[^/]*$/, "") ?? ""

/** The opening comment of a module, with the number of its lines of words. */
const opening = (text: string): number => {
  const comment = /^\/\*\*([\s\S]*?)\*\//.exec(text)?.[1] ?? ""
  return comment.split("\n").filter((line) => line.replaceAll("*", "").trim() !== "").length
}

const declaration = /^export (?:declare )?(?:abstract )?(?:const|function|class|interface|type|let) (\w+)/

/** Exported declarations without a doc comment right above them. */
const undocumented = (text: string): ReadonlyArray<string> => {
  const lines = text.split("\n")
  return lines.flatMap((line, index) => {
    const name = declaration.exec(line)?.[1]
    return name === undefined || lines[index - 1]?.trimEnd().endsWith("*/") === true ? [] : [name]
  })
}

describe("files", () => {
  it("have names that say what is in them", () => {
    expect(files().filter((path) => path.split("/").some((part) => forbidden.has(nameOf(part).toLowerCase())))).toEqual([])
  })

  it("are named after their main export, or in camelCase inside", () => {
    const wrong = sources.filter((path) => {
      const name = nameOf(path)
      return !(name === "index" || name === "main" || /^[A-Z][A-Za-z0-9]*$/.test(name) || (/^[a-z][A-Za-z0-9]*$/.test(name) && path.includes("/internal/")))
    })
    expect(wrong).toEqual([])
  })

  it(`have at most ${maxCodeLines} lines of code`, () => {
    // What a program writes is read by nobody
    const written = sources.filter((path) => !path.endsWith("/Generated.ts"))
    expect(written.map((path) => [path, codeLines(read(path))] as const).filter(([, lines]) => lines > maxCodeLines)).toEqual([])
  })

  for (const name of packages) {
    it(`of ${name} have a median of at most ${maxMedian} lines of code`, () => {
      expect(median(sources.filter((path) => path.startsWith(`packages/${name}/`)).map((path) => codeLines(read(path))))).toBeLessThanOrEqual(maxMedian)
    })
  }

  it("open by saying what they are, in at most ten lines", () => {
    const wrong = sources.map((path) => [path, opening(read(path))] as const).filter(([, lines]) => lines < 1 || lines > 10)
    expect(wrong).toEqual([])
  })

  it("document every export", () => {
    const wrong = sources.flatMap((path) => undocumented(read(path)).map((name) => `${path}: ${name}`))
    expect(wrong).toEqual([])
  })

  it("have no default export and no enum", () => {
    expect(sources.filter((path) => /^export default|^(?:export )?(?:const )?enum /m.test(read(path)))).toEqual([])
  })
})

describe("a package", () => {
  for (const unit of [...packages.map((name) => `packages/${name}`), "apps/server"]) {
    it(`says in the first line of ${unit}/README.md what its manifest says`, () => {
      const { description, name }: { readonly description: string; readonly name: string } = JSON.parse(read(`${unit}/package.json`))
      const [title, , purpose] = read(`${unit}/README.md`).split("\n")
      expect(title).toBe(`# ${name}`)
      expect(purpose).toBe(description)
    })
  }
})
