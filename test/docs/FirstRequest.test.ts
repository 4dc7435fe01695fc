/**
 * Shell blocks marked `run` are run as a reader would run them, against a server started without a configuration file; where JSON
 * is shown below one, its keys must be in what came out.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { root } from "../Repository.ts"
import { type Block, blocks, pages } from "./Markdown.ts"

const main = join(root, "apps/server/src/main.ts")
const folder = mkdtempSync(join(tmpdir(), "sluice-docs-"))
const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`, OPENAI_API_KEY: "", ANTHROPIC_API_KEY: "" }

let server: ChildProcess | undefined
let url = ""

beforeAll(async () => {
  const child = spawn(process.execPath, [main, "serve", "--port", "0"], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] })
  server = child
  url = await new Promise<string>((resolve, reject) => {
    let output = ""
    const take = (chunk: Buffer): void => {
      output += chunk.toString()
      const found = /listening on (http:\S+)/.exec(output)
      if (found?.[1] !== undefined) resolve(found[1])
    }
    child.stdout.on("data", take)
    child.stderr.on("data", take)
    child.once("exit", () => reject(new Error(`the server ended before it listened:\n${output}`)))
  })
}, 60_000)

afterAll(async () => {
  const ended = new Promise((resolve) => server?.once("exit", resolve))
  server?.kill("SIGKILL")
  await ended
  rmSync(folder, { recursive: true, force: true })
})

/** A page's runnable blocks, each with the JSON that is shown right below it. */
const runnable = (page: string): ReadonlyArray<{ readonly block: Block; readonly shown: Block | undefined }> =>
  blocks(page).flatMap((block, index, all) => {
    if (block.language !== "sh" || !block.marks.includes("run")) return []
    const next = all[index + 1]
    return [{ block, shown: next?.language === "json" ? next : undefined }]
  })

/** The reader's line, for this server and this folder. */
const here = (code: string): string => code.replaceAll("http://127.0.0.1:8787", url).replaceAll("npm run sluice --", `"${process.execPath}" "${main}"`)

describe.each(pages.filter((page) => runnable(page).length > 0))("%s", (page) => {
  for (const { block, shown } of runnable(page)) {
    it(`shows in line ${block.line} what can be run`, { timeout: 30_000 }, () => {
      const { status, stderr, stdout } = spawnSync("sh", ["-euc", here(block.code)], { cwd: folder, env, encoding: "utf8" })
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
      if (shown !== undefined) expect(JSON.parse(stdout)).toMatchObject(JSON.parse(shown.code))
    })
  }
})
