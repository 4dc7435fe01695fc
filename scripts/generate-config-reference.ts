// Writes docs/reference/config.md and docs/reference/config.schema.json from the configuration's schema. Run it after changing the schema.
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { jsonSchema } from "../apps/server/src/config/JsonSchema.ts"
import { reference } from "../apps/server/src/config/Reference.ts"

const folder = join(import.meta.dirname, "../docs/reference")
writeFileSync(join(folder, "config.md"), reference())
writeFileSync(join(folder, "config.schema.json"), `${JSON.stringify(jsonSchema(), null, 2)}\n`)
console.log(`Wrote config.md and config.schema.json in ${folder}`)
