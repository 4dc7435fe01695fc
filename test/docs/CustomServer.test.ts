/** The server of docs/examples/custom-server.ts, run as its reader would: its own command, and those of the server. */
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { root } from "../Repository.ts"

const example = join(root, "docs/examples/custom-server.ts")

it("the example of a server with parts and commands of one's own has at most ten lines beside its imports", () => {
  const lines = readFileSync(example, "utf8").split("\n").filter((line) => line.trim() !== "" && !line.startsWith("import "))
  expect(lines.length).toBeLessThanOrEqual(10)
})

it("the example runs its own command, beside those of the server", () => {
  const { status, stderr, stdout } = spawnSync(process.execPath, [example, "hello", "--name", "Ada"], { encoding: "utf8" })
  expect({ status, stderr, stdout }).toEqual({ status: 0, stderr: "", stdout: "Hello, Ada\n" })
})
