/**
 * Shell blocks marked `run` are run as a reader would run them, against a server started without a configuration file; where JSON
 * is shown below one, its keys must be in what came out.
 */
import { spawnSync } from "node:child_process"
import { describe, expect, it } from "vitest"
import { type Block, blocks, pages } from "./Markdown.ts"
import { main, serve } from "./ServedGuide.ts"

const { env, folder, url } = serve({ OPENAI_API_KEY: "", ANTHROPIC_API_KEY: "" }, () => [])

/** A page's runnable blocks, each with the JSON that is shown right below it. */
const runnable = (page: string): ReadonlyArray<{ readonly block: Block; readonly shown: Block | undefined }> =>
  blocks(page).flatMap((block, index, all) => {
    if (block.language !== "sh" || !block.marks.includes("run")) return []
    const next = all[index + 1]
    return [{ block, shown: next?.language === "json" ? next : undefined }]
  })

/** The reader's line, for this server and this folder. */
const here = (code: string): string => code.replaceAll("http://127.0.0.1:8787", url()).replaceAll("npm run sluice --", `"${process.execPath}" "${main}"`)

describe.each(pages.filter((page) => runnable(page).length > 0))("%s", (page) => {
  for (const { block, shown } of runnable(page)) {
    it(`shows in line ${block.line} what can be run`, { timeout: 30_000 }, () => {
      const { status, stderr, stdout } = spawnSync("sh", ["-euc", here(block.code)], { cwd: folder, env, encoding: "utf8" })
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
      if (shown !== undefined) expect(JSON.parse(stdout)).toMatchObject(JSON.parse(shown.code))
    })
  }
})
