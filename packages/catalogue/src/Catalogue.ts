/**
 * Looks up what is publicly known of a model: by the provider whose list it is in, and by any of the names the model goes by. Data of
 * one version, under one licence; nothing is fetched and nothing is guessed. What it costs in money is the ledger's arithmetic.
 *
 * @example
 * Catalogue.find("openai", "gpt-4o-2024-11-20")?.model.context
 */
import type { ModelData, SheetData } from "./CatalogueData.ts"
import * as Generated from "./Generated.ts"
import { variants } from "./internal/nameVariants.ts"
import * as PatternIndex from "./internal/patternIndex.ts"

/** Where the data are from, and of which version they are; a record of a cost begins with it. */
export const version: string = Generated.version

/** The licence of the data, as an SPDX identifier; its text is in the source of the data. */
export const licence: string = Generated.licence

/** Where the data are published. */
export const source: string = Generated.source

/** A model and the sheet it stands in. */
export interface Found {
  readonly sheet: string
  readonly model: ModelData
}

type Finder = (name: string) => ModelData | undefined

const byId = new Map(Generated.sheets.map((sheet) => [sheet.id, sheet]))

/** The ids of all sheets. */
export const ids: ReadonlyArray<string> = Generated.sheets.map(({ id }) => id)

/** All of a sheet; undefined where there is none of that id. */
export const sheet = (id: string): SheetData | undefined => byId.get(id)

const compiled = new Map<string, Finder>()

/** Compiled when it is first asked for: most gateways ask of few sheets. */
const finderOf = ({ id, models }: SheetData): Finder => {
  const known = compiled.get(id)
  if (known !== undefined) return known
  const index = PatternIndex.make(models.map(({ match }) => match))
  const made: Finder = (name) => {
    const at = index(name)
    return at === undefined ? undefined : models[at]
  }
  compiled.set(id, made)
  return made
}

/** The model of a sheet, or of those it falls back to, that a name means. */
export const find = (sheetId: string, name: string): Found | undefined => {
  const sheet = byId.get(sheetId)
  if (sheet === undefined) return undefined
  const own = finderOf(sheet)
  for (const each of variants(name)) {
    const model = own(each)
    if (model !== undefined) return { sheet: sheetId, model }
  }
  const vendor = sheet.isReseller === true && name.includes("/") ? ofName(name.slice(0, name.indexOf("/"))) : undefined
  for (const fallback of vendor === undefined || vendor === sheetId ? sheet.fallbacks ?? [] : [vendor]) {
    const other = find(fallback, name)
    if (other !== undefined) return other
  }
  return undefined
}

interface Named {
  readonly id: string
  readonly match: RegExp
}

// Compiled when the first is needed, and once
let addresses: ReadonlyArray<Named> | undefined
let names: ReadonlyArray<Named> | undefined

const addressed = (): ReadonlyArray<Named> => addresses ??= Generated.sheets.map(({ address, id }) => ({ id, match: new RegExp(`^(?:${address})`) }))

const named = (): ReadonlyArray<Named> => names ??= Generated.sheets.flatMap(({ id, names }) => names === undefined ? [] : [{ id, match: new RegExp(names) }])

/** The sheet of an address. */
export const ofAddress = (address: string): string | undefined => addressed().find(({ match }) => match.test(address))?.id

/** The sheet that a provider's own name means. */
export const ofName = (name: string): string | undefined => {
  const lower = name.toLowerCase()
  return byId.has(lower) ? lower : named().find(({ match }) => match.test(lower))?.id
}
