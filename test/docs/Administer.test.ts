/** The commands of docs/guides/administer.md, run in their order against a server with the file the guide shows. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { root } from "../Repository.ts"
import { blocks } from "./Markdown.ts"

const all = blocks("docs/guides/administer.md")
const folder = mkdtempSync(join(tmpdir(), "sluice-administer-"))
const file = join(folder, "sluice.yaml")
const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`, SLUICE_ADMIN_TOKEN: "operator-of-the-guide-0123456789abcdef" }

let server: ChildProcess | undefined
let url = ""

beforeAll(async () => {
  writeFileSync(file, all.find(({ language }) => language === "yaml")?.code ?? "")
  const child = spawn(process.execPath, [join(root, "apps/server/src/main.ts"), "serve", "--config", file, "--port", "0"], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "pipe"]
  })
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

describe("the commands of the guide", () => {
  for (const [index, block] of all.entries()) {
    if (!block.marks.includes("run=administer")) continue
    it(`in line ${block.line} do what is shown`, { timeout: 30_000 }, () => {
      const { status, stderr, stdout } = spawnSync("sh", ["-euc", block.code.replaceAll("http://127.0.0.1:8787", url)], { cwd: folder, env, encoding: "utf8" })
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
      expect(JSON.parse(stdout)).toMatchObject(JSON.parse(all[index + 1]?.code ?? ""))
    })
  }

  it("have left a file with its comments", () => {
    const text = readFileSync(file, "utf8")
    for (const words of ["# openssl rand -base64 32", "# answers by itself", "model: sim-long", "preCommit: 2 seconds", "\"${SLUICE_ADMIN_TOKEN}\""]) {
      expect(text).toContain(words)
    }
  })
})
