/** The commands about reloading in docs/guides/operate.md, run in their order against a server with the file that stands before them. */
import { NodeServices } from "@effect/platform-node"
import { it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { expect } from "vitest"
import * as ServerProcess from "../end-to-end/ServerProcess.ts"
import { blocks } from "./Markdown.ts"

const all = blocks("docs/guides/operate.md")
const isCommand = (index: number): boolean => all[index]?.marks.includes("run=reload") === true
const env = { SLUICE_ADMIN_TOKEN: "operator-of-the-guide-0123456789abcdef", CI_KEY: "sk-ci" }

it.live("the commands about reloading do what is shown", () =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const folder = yield* files.makeTempDirectoryScoped()
    const first = all.findIndex((_, index) => isCommand(index))
    // Only the commands shall have it read
    const text = (all[first - 1]?.code ?? "").replace("{ heartbeat:", "{ watch: false, heartbeat:").replace("sqlite:./sluice.db", "sqlite::memory:")
    yield* files.writeFileString(join(folder, "sluice.yaml"), text)
    const { url } = yield* ServerProcess.start(join(folder, "sluice.yaml"), env)
    for (const [index, block] of all.entries()) {
      if (!isCommand(index)) continue
      const { status, stderr, stdout } = spawnSync("sh", ["-euc", block.code.replaceAll("http://127.0.0.1:8787", url)], {
        cwd: folder,
        env: { ...process.env, ...env },
        encoding: "utf8"
      })
      expect({ status, stderr }, `line ${block.line}`).toEqual({ status: 0, stderr: "" })
      expect(JSON.parse(stdout), `line ${block.line}`).toMatchObject(JSON.parse(all[index + 1]?.code ?? ""))
    }
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)), 300_000)
