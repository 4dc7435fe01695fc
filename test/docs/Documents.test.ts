/**
 * What the documents show is true: TypeScript compiles, configurations decode, JSON parses, links lead somewhere, and every
 * dependency has its reason.
 */
import { Result } from "effect"
import { spawnSync } from "node:child_process"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { parse } from "../../apps/server/src/Config.ts"
import { exists, files, read, root } from "../Repository.ts"
import { anchors, type Block, blocksIn, fileOf, links, pages } from "./Markdown.ts"

const placeOf = ({ line, page }: Block): string => `${page}:${line}`

describe("TypeScript in documents", () => {
  // Inside the repository, so that packages are found as a user finds them
  const folder = join(root, "node_modules/.cache", `documents-${process.pid}`)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it("compiles", { timeout: 120_000 }, () => {
    const found = blocksIn("ts")
    expect(found.length).toBeGreaterThan(5)
    mkdirSync(folder, { recursive: true })
    // The files of a page stand together, so that they can import each other
    const names = found.map((block) => {
      const page = block.page.replaceAll(/[^\w]/g, "_")
      return `${page}${fileOf(block) === undefined ? `_${block.line}.ts` : `/${fileOf(block)}`}`
    })
    for (const name of names) mkdirSync(dirname(join(folder, name)), { recursive: true })
    for (const [index, block] of found.entries()) writeFileSync(join(folder, names[index] ?? ""), `${block.code}export {}\n`)
    const compilerOptions = {
      noEmit: true,
      noUnusedLocals: false,
      composite: false,
      incremental: false,
      declarationMap: false,
      rootDir: root,
      rewriteRelativeImportExtensions: false,
      allowImportingTsExtensions: true
    }
    const config = { extends: join(root, "tsconfig.base.json"), compilerOptions, include: ["**/*.ts"] }
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config))
    const { stderr, stdout } = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", folder, "--pretty", "false"], { cwd: root, encoding: "utf8" })
    // Sources are checked by the build; here only what is said about the documents counts
    expect(stderr + stdout.split("\n").filter((line) => /^node_modules\/\.cache|^error/.test(line)).join("\n")).toBe("")
  })
})

describe("YAML in documents", () => {
  it.each(blocksIn("yaml").map((block) => [placeOf(block), block.code] as const))("%s is a configuration", (_, code) => {
    const environment = Object.fromEntries([...code.matchAll(/\$\{(\w+)\}/g)].map(([, name = ""]) => [name, `the-value-of-${name}`]))
    const parsed = parse(code, environment)
    expect(Result.isFailure(parsed) ? parsed.failure.message : undefined).toBeUndefined()
  })
})

describe("JSON in documents", () => {
  it.each(blocksIn("json").map((block) => [placeOf(block), block.code] as const))("%s parses", (_, code) => {
    expect(() => JSON.parse(code)).not.toThrow()
  })
})

describe("shell lines in documents", () => {
  it.each(blocksIn("sh").map((block) => [placeOf(block), block.code] as const))("%s is shell", (_, code) => {
    expect(spawnSync("sh", ["-n"], { input: code, encoding: "utf8" }).stderr).toBe("")
  })
})

describe("links in documents", () => {
  it.each(pages)("of %s lead somewhere", (page) => {
    const broken = links(page).filter(({ anchor, path }) => !exists(path) || (anchor !== undefined && path.endsWith(".md") && !anchors(path).has(anchor)))
    expect(broken).toEqual([])
  })
})

describe("docs/dependencies.md", () => {
  interface Manifest {
    readonly dependencies?: { readonly [name: string]: string }
    readonly devDependencies?: { readonly [name: string]: string }
    readonly optionalDependencies?: { readonly [name: string]: string }
  }

  it("gives a reason for every dependency, and for no other", () => {
    const declared = new Set(
      files().filter((path) => path === "package.json" || path.endsWith("/package.json")).flatMap((path) => {
        const { dependencies, devDependencies, optionalDependencies }: Manifest = JSON.parse(read(path))
        return Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies }).filter((name) => !name.startsWith("@sluice/"))
      })
    )
    const rows = read("docs/dependencies.md").split("\n").filter((line) => line.startsWith("| `"))
    const named = new Set(rows.flatMap((row) => [...(row.split(" | ")[0] ?? "").matchAll(/`([^`]+)`/g)].flatMap(([, name]) => name ?? [])))
    expect([...named].toSorted()).toEqual([...declared].toSorted())
  })
})
