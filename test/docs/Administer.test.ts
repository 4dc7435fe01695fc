/** The commands of docs/guides/administer.md, run in their order against a server with the file the guide shows. */
import { spawnSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { blocks } from "./Markdown.ts"
import { serve } from "./ServedGuide.ts"

const all = blocks("docs/guides/administer.md")
const fileIn = (folder: string): string => join(folder, "sluice.yaml")

const { env, folder, url } = serve({ SLUICE_ADMIN_TOKEN: "operator-of-the-guide-0123456789abcdef" }, (folder) => {
  const file = fileIn(folder)
  writeFileSync(file, all.find(({ language }) => language === "yaml")?.code ?? "")
  return ["--config", file]
})

describe("the commands of the guide", () => {
  for (const [index, block] of all.entries()) {
    if (!block.marks.includes("run=administer")) continue
    it(`in line ${block.line} do what is shown`, { timeout: 30_000 }, () => {
      const { status, stderr, stdout } = spawnSync("sh", ["-euc", block.code.replaceAll("http://127.0.0.1:8787", url())], {
        cwd: folder,
        env,
        encoding: "utf8"
      })
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
      expect(JSON.parse(stdout)).toMatchObject(JSON.parse(all[index + 1]?.code ?? ""))
    })
  }

  it("have left a file with its comments", () => {
    const text = readFileSync(fileIn(folder), "utf8")
    for (const words of ["# openssl rand -base64 32", "# answers by itself", "model: sim-long", "preCommit: 2 seconds", "\"${SLUICE_ADMIN_TOKEN}\""]) {
      expect(text).toContain(words)
    }
  })
})
