// Writes every page that is made from the code; prints those that changed.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { generatedDocs, root } from "./GeneratedDocs.ts"

for (const [path, text] of generatedDocs()) {
  const file = join(root, path)
  if (existsSync(file) && readFileSync(file, "utf8") === text) continue
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  console.log(`Wrote ${path}`)
}
