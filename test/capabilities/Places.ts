/** Where the exports of the capability table stand in the repository. */
import { exists, read } from "../Repository.ts"
import type { Place } from "./Capabilities.ts"

/** The source file of a module's specifier; a package by itself is its index. */
export const fileOf = (specifier: string): string => {
  const [, name = "", rest] = /^@sluice\/([^/]+)(?:\/(.+))?$/.exec(specifier) ?? []
  const folder = exists(`packages/${name}`) ? `packages/${name}` : `apps/${name}`
  return `${folder}/src/${rest ?? "index"}.ts`
}

const declared = (name: string): RegExp => new RegExp(`^export (?:declare )?(?:const|class|function|interface|type) ${name}\\b`, "m")

const passedOn = (name: string): RegExp => new RegExp(`^export (?:type )?\\{[^}]*\\b${name}\\b[^}]*\\} from "([^"]+)"`, "m")

/** The file that declares an export; `undefined` where nothing does. */
export const declaration = ({ module, name }: Place): string | undefined => {
  const path = fileOf(module)
  if (!exists(path)) return undefined
  const text = read(path)
  if (declared(name).test(text)) return path
  const from = passedOn(name).exec(text)?.[1]
  return from?.startsWith("./") === true ? `${path.slice(0, path.lastIndexOf("/"))}/${from.slice(2)}` : undefined
}

/** The file a page links to for an export. */
export const sourceOf = (place: Place): string => declaration(place) ?? fileOf(place.module)

/** The anchor of a heading. */
export const anchorOf = (heading: string): string => heading.toLowerCase().replaceAll(" ", "-")
