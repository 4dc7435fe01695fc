/**
 * Writes the reference page of the configuration from its schema, so that page and decoder cannot differ.
 * Pure text; `scripts/generate-config-reference.ts` puts it in its place, and a test holds the two together.
 */
import type { Node } from "./JsonSchema.ts"
import { fileSchema } from "./JsonSchema.ts"

/** The text of docs/reference/config.md. */
export const reference = (): string => {
  const schema = fileSchema()
  return [
    "# Configuration",
    "This page is generated from the schema of the configuration (`node scripts/generate-config-reference.ts`); editors can use [config.schema.json](config.schema.json).",
    "The server reads one YAML file, given with `--config`. Without a file it listens on 127.0.0.1:8787 without asking for keys, keeps its ledger in `./sluice.db`, answers from the simulated providers `sim` and `sim-anthropic`, and adds OpenAI and Anthropic when `OPENAI_API_KEY` and `ANTHROPIC_API_KEY` are set.",
    [
      "- `${NAME}` in any text is replaced by the environment variable; one that is unset or empty is an error that names the place in the file. `${NAME:-default}` has a default, and `$${` is a plain `${`. Quote texts with variables inside `{ }` and `[ ]`.",
      "- The file is parsed before variables are replaced, so a value can never add keys to it. Numbers and flags may come from variables too.",
      "- A key that is not listed here is an error. A key without a value counts as absent.",
      "- Durations are written as `250 millis`, `5 seconds`, `2 minutes`, `1 hour` or `90 days`; byte sizes as `64KiB`, `32MiB` or `1GB`. Secrets are never printed.",
      "- Some settings are for later versions. Turning one on stops the start with a message that says so."
    ].join("\n"),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, node]) => chapter(name, node, schema.required?.includes(name) ?? false))
  ].join("\n\n") + "\n"
}

// internal

const chapter = (name: string, node: Node, isRequired: boolean): ReadonlyArray<string> => [
  `## ${name}`,
  `${node.description ?? ""}${isRequired ? " Required." : ""}`,
  alignedTable([["Key", "Type", "Default", "Description"], ...rows(node.items === undefined ? name : `${name}[]`, node.items ?? node)])
]

/** The keys below a place, those of nested mappings right after the mapping. */
const rows = (prefix: string, node: Node): ReadonlyArray<ReadonlyArray<string>> =>
  Object.entries(node.properties ?? {}).flatMap(([name, key]) => {
    const path = `${prefix}.${name}`
    const fallback = node.required?.includes(name) === true ? "required" : key.default === undefined ? "" : code(String(key.default))
    const row = [code(path), typeOf(key), fallback, key.description ?? ""]
    const nested = key.properties !== undefined
      ? rows(path, key)
      : key.items?.properties !== undefined
      ? rows(`${path}[]`, key.items)
      : key.items?.anyOf !== undefined
      ? key.items.anyOf.flatMap((member) => rows(`${path}[]`, member))
      : (key.anyOf ?? []).flatMap((member) => member.items === undefined ? rows(path, member) : rows(`${path}[]`, member.items))
    return [row, ...nested]
  })

const typeOf = (node: Node): string => {
  if (node.title !== undefined) return node.title
  if (node.enum !== undefined) return node.enum.map((word) => code(String(word))).join(" or ")
  if (node.anyOf !== undefined) return node.anyOf.map(typeOf).join(" or ")
  if (node.items !== undefined) return `list of ${plural(typeOf(node.items))}`
  if (typeof node.additionalProperties === "object") return `mapping to ${plural(typeOf(node.additionalProperties))}`
  return node.type === "object" ? "mapping" : node.type === "string" ? "text" : node.type ?? "any"
}

const plural = (type: string): string => `${type}s`

const code = (text: string): string => `\`${text}\``

/** A Markdown table whose columns line up in the source too, as the formatter wants them. */
const alignedTable = (lines: ReadonlyArray<ReadonlyArray<string>>): string => {
  const cells = lines.map((line) => line.map((cell) => cell.replaceAll("|", "\\|")))
  const widths = (cells[0] ?? []).map((_, column) => Math.max(3, ...cells.map((line) => (line[column] ?? "").length)))
  const ruled = [cells[0] ?? [], widths.map((width) => "-".repeat(width)), ...cells.slice(1)]
  return ruled.map((line) => `| ${widths.map((width, column) => (line[column] ?? "").padEnd(width)).join(" | ")} |`).join("\n")
}
