/**
 * The arrows between packages: apps → ledger → gateway → protocol ← dialects; testing → protocol; ledger → catalogue, which uses nothing. What a module imports, what a
 * manifest declares and what the compiler is told must agree on them.
 */
import { describe, expect, it } from "vitest"
import { exists, files, imports, isSource, packages, read } from "../Repository.ts"

/** Which of our packages the sources of each may use. */
const arrows: { readonly [unit: string]: ReadonlyArray<string> } = {
  "packages/protocol": [],
  "packages/openai": ["protocol"],
  "packages/anthropic": ["protocol"],
  "packages/gemini": ["protocol"],
  "packages/catalogue": [],
  "packages/gateway": ["protocol"],
  "packages/ledger": ["catalogue", "gateway", "protocol"],
  "packages/testing": ["protocol"],
  "apps/server": ["anthropic", "gateway", "gemini", "ledger", "openai", "protocol", "testing"]
}

/** Packages that run anywhere: no module of Node may be imported. */
const anywhere = new Set(["packages/protocol", "packages/catalogue", "packages/openai", "packages/anthropic", "packages/gemini"])

const unitOf = (path: string): string => path.split("/").slice(0, 2).join("/")
const packageOf = (specifier: string): string | undefined => /^@sluice\/([^/]+)/.exec(specifier)?.[1]
const sources = files().filter(isSource).map((path) => ({ path, unit: unitOf(path), imports: imports(read(path)) }))

const dependenciesOf = (unit: string): ReadonlyArray<string> => {
  const { dependencies }: { readonly dependencies?: { readonly [name: string]: string } } = JSON.parse(read(`${unit}/package.json`))
  return Object.keys(dependencies ?? {})
}

describe("the arrows between packages", () => {
  it("are declared for every package and app", () => {
    const units = [...packages.map((name) => `packages/${name}`), "apps/server"]
    expect(units.toSorted()).toEqual(Object.keys(arrows).toSorted())
    expect(sources.length).toBeGreaterThan(100)
  })

  it("are kept by every source", () => {
    const broken = sources.flatMap(({ imports, path, unit }) =>
      imports.flatMap((specifier) => {
        const name = packageOf(specifier)
        return name === undefined || arrows[unit]?.includes(name) === true ? [] : [`${path} imports ${specifier}`]
      })
    )
    expect(broken).toEqual([])
  })

  it("are not walked around by relative paths", () => {
    const broken = sources.flatMap(({ imports, path, unit }) =>
      imports
        .filter((specifier) => specifier.startsWith("."))
        .map((specifier) => new URL(specifier, `file:///${path}`).pathname.slice(1))
        .filter((target) => unitOf(target) !== unit || !exists(target))
        .map((target) => `${path} imports ${target}`)
    )
    expect(broken).toEqual([])
  })

  it("are what the manifests and the compiler are told", () => {
    for (const [unit, allowed] of Object.entries(arrows)) {
      expect(dependenciesOf(unit).flatMap((name) => packageOf(name) ?? []).toSorted(), `${unit}/package.json`).toEqual(allowed.toSorted())
      const { references }: { readonly references: ReadonlyArray<{ readonly path: string }> } = JSON.parse(read(`${unit}/tsconfig.json`))
      expect(references.map(({ path }) => path.split("/").at(-1) ?? "").toSorted(), `${unit}/tsconfig.json`).toEqual(allowed.toSorted())
    }
  })

  it("keep Node out of what runs anywhere", () => {
    const broken = sources.flatMap(({ imports, path, unit }) =>
      anywhere.has(unit) ? imports.filter((specifier) => specifier.startsWith("node:")).map((specifier) => `${path} imports ${specifier}`) : []
    )
    expect(broken).toEqual([])
  })

  it("use what is declared, and declare what is used", () => {
    for (const unit of Object.keys(arrows)) {
      const used = new Set(
        sources
          .filter((source) => source.unit === unit)
          .flatMap((source) => source.imports)
          .filter((specifier) => !specifier.startsWith(".") && !specifier.startsWith("node:"))
          .map((specifier) => specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/"))
      )
      const declared = new Set([...dependenciesOf(unit), "effect"])
      expect([...used].filter((name) => !declared.has(name)), `${unit} uses without declaring`).toEqual([])
    }
  })

  it("let libraries import effect by module only", () => {
    const broken = sources.filter(({ imports, unit }) => unit.startsWith("packages/") && imports.includes("effect")).map(({ path }) => path)
    expect(broken).toEqual([])
  })
})
