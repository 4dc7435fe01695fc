// `npm run catalogue:refresh`: makes the data of the package `catalogue` of the installed version of its source, and takes them where
// nothing speaks against it. Fetches nothing: a newer version of the source is installed first, in pnpm-workspace.yaml.
// Options: --check (writes nothing), --allow-gone, --allow-changes: what was found of these kinds has been looked at and is right.
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import * as Current from "../packages/catalogue/src/Generated.ts"
import { findings } from "./CatalogueChecks.ts"
import { catalogueModule, catalogueSheets } from "./CatalogueSnapshot.ts"
import { root } from "./GeneratedDocs.ts"

const { values } = parseArgs({
  options: {
    check: { type: "boolean", default: false },
    "allow-gone": { type: "boolean", default: false },
    "allow-changes": { type: "boolean", default: false }
  }
})

const path = "packages/catalogue/src/Generated.ts"
const file = join(root, path)
const sheets = catalogueSheets()
const found = findings(Current.sheets, sheets, { gone: values["allow-gone"], changes: values["allow-changes"] })
const text = catalogueModule(sheets)
const isCurrent = readFileSync(file, "utf8") === text

if (found.length > 0) {
  for (const { kind, message } of found) console.error(`${kind}: ${message}`)
  console.error(
    `${found.length} findings: the catalogue stays ${Current.version}. Look at each; --allow-gone and --allow-changes take those kinds as they are.`
  )
  process.exitCode = 1
} else if (isCurrent) {
  console.log(`The catalogue is current: ${Current.version}`)
} else if (values.check) {
  console.error(`${path} is not what the installed source gives: npm run catalogue:refresh`)
  process.exitCode = 1
} else {
  writeFileSync(file, text)
  console.log(`Wrote ${path}`)
}
