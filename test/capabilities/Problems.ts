/** What is not true of a row of the capability table; nothing, where it says what is there. */
import { blocks } from "../docs/Markdown.ts"
import { exists, read, root } from "../Repository.ts"
import type { Capability, Held, Place } from "./Capabilities.ts"
import { anchorOf, declaration, fileOf } from "./Places.ts"

const guide = "docs/guides/extend.md"

/** The most lines an example may have beside its imports. */
const maxLines = 14

const isCode = (line: string): boolean => line.trim() !== "" && !line.startsWith("import ") && !line.trim().startsWith("//")

/** Lines of the examples by the anchor of the heading they stand under. */
const examples = (): ReadonlyMap<string, number> => {
  const lines = read(guide).split("\n")
  const anchorAbove = (line: number): string => anchorOf(lines.slice(0, line).findLast((text) => text.startsWith("## "))?.slice(3) ?? "")
  return new Map(blocks(guide).filter(({ language }) => language === "ts").map(({ code, line }) => [anchorAbove(line), code.split("\n").filter(isCode).length]))
}

/** Whether a module of a package loads and has the export; an app is too heavy to be loaded for it, and the compiler has seen its example. */
const isThere = async (place: Place): Promise<boolean> => {
  const path = fileOf(place.module)
  const from = declaration(place)
  if (from === undefined) return false
  const isType = new RegExp(`^export (?:interface|type) ${place.name}\\b`, "m").test(read(from))
  if (isType || path.startsWith("apps/")) return true
  const exported: object = await import(new URL(`file://${root}/${path}`).href)
  return place.name in exported
}

/** Whether a text stands in the name of a test or of a group of them. */
const isHeld = ({ by, path }: Held): boolean =>
  by.length > 10 && exists(path) && new RegExp(`\\(\\s*(["\`])(?:(?!\\1).)*${by.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}`).test(read(path))

/** The problems of one row. */
export const problemsOf = async ({ byDefault, example, inTests, services, tests }: Capability): Promise<ReadonlyArray<string>> => {
  const places = [...services, inTests, ...(typeof byDefault === "string" ? [] : [byDefault])]
  const found = await Promise.all(places.map(async (place) => await isThere(place) ? [] : [`${place.module} exports no ${place.name}`]))
  const lines = examples().get(anchorOf(example))
  return [
    ...found.flat(),
    ...(byDefault === "" ? ["nothing is said of what there is by default"] : []),
    ...tests.filter((held) => !isHeld(held)).map(({ by, path }) => `${path} has no test "${by}"`),
    ...(lines === undefined ? [`${guide} has no example under "${example}"`] : lines > maxLines ? [`the example under "${example}" has ${lines} lines`] : [])
  ]
}
