// Every page that is made from the code, with its text as it should be. `npm run docs` writes them; a test compares.
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import * as AdminReference from "../apps/server/src/admin/Reference.ts"
import { jsonSchema } from "../apps/server/src/config/JsonSchema.ts"
import { reference } from "../apps/server/src/config/Reference.ts"
import { guarantees } from "../test/chaos/Page.ts"
import { apiReport } from "./ApiReport.ts"
import { capabilitiesReference } from "./CapabilitiesReference.ts"
import { errorsReference } from "./ErrorsReference.ts"

/** The repository's folder. */
export const root = join(import.meta.dirname, "..")

const packageFolders = readdirSync(join(root, "packages")).filter((name) => existsSync(join(root, "packages", name, "package.json"))).toSorted()

/** The pages by their path from the root. */
export const generatedDocs = (): ReadonlyMap<string, string> =>
  new Map([
    ["docs/reference/errors.md", errorsReference()],
    ["docs/reference/capabilities.md", capabilitiesReference()],
    ["docs/reference/config.md", reference()],
    ["docs/reference/config.schema.json", `${JSON.stringify(jsonSchema(), null, 2)}\n`],
    ["docs/reference/admin-api.md", AdminReference.page()],
    ["docs/reference/admin-api.json", AdminReference.json()],
    ["docs/guarantees.md", guarantees()],
    ...packageFolders.map((name) => [`packages/${name}/api-report.md`, apiReport(join(root, "packages", name))] as const)
  ])
