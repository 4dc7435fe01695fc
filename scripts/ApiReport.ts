// The page api-report.md of a package: what each of its public modules exports. A change of it is a change of the public API.
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

const declaration = /^export (?:declare )?(?:abstract )?(const|function|class|interface|type) (\w+)/gm
const renamed = /^export (type )?\{([^}]*)\}/gm
const namespace = /^export \* as (\w+) from/gm

/** The modules of a package's own level, and those in folders that its index names. */
const modules = (folder: string): ReadonlyArray<string> => {
  const own = readdirSync(folder).filter((path) => path.endsWith(".ts"))
  const index = readFileSync(join(folder, "index.ts"), "utf8")
  const named = [...index.matchAll(/from "\.\/([^"]+\/[^"]+)"/g)].flatMap(([, path]) => path ?? [])
  return [...new Set([...own, ...named])].toSorted()
}

const exportsOf = (text: string): ReadonlyArray<string> => {
  const declared = [...text.matchAll(declaration)].map(([, kind, name]) => `${kind} ${name}`)
  const listed = [...text.matchAll(renamed)].flatMap(([, type, names = ""]) =>
    names.split(",").map((name) => name.trim()).filter((name) => name !== "").map((name) =>
      `${type === undefined && !name.startsWith("type ") ? "export" : "type"} ${name.replace(/^type /, "")}`
    )
  )
  const namespaces = [...text.matchAll(namespace)].map(([, name]) => `namespace ${name}`)
  return [...new Set([...declared, ...listed, ...namespaces])].toSorted()
}

/** The page of the package in a folder. */
export const apiReport = (folder: string): string => {
  const { name }: { readonly name: string } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
  const sections = modules(join(folder, "src")).map((path) => {
    const exported = exportsOf(readFileSync(join(folder, "src", path), "utf8"))
    return `## ${path.replace(/\.ts$/, "")}\n\n${exported.length === 0 ? "Nothing." : exported.map((line) => `- \`${line}\``).join("\n")}\n`
  })
  return [`# What ${name} exports\n`, "Generated (`npm run docs`). A change here needs a changeset.\n", ...sections].join("\n")
}
