/**
 * Runs the tests of types (`typetest/`): what must not compile does not, and the compiler's message names what is missing.
 */
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { expect, it } from "vitest"
import { root } from "../Repository.ts"

it("the types of the builder hold", { timeout: 180_000 }, () => {
  const bin = (path: string): string => join(root, "node_modules", path)
  const { status, stderr, stdout } = spawnSync(process.execPath, [bin("tstyche/dist/bin.js")], {
    cwd: root,
    encoding: "utf8",
    // The runner needs the compiler's JavaScript interface, which only TypeScript 6 has
    env: { ...process.env, TSTYCHE_TYPESCRIPT_MODULE: pathToFileURL(bin("typescript-6/lib/typescript.js")).href, TSTYCHE_NO_COLOR: "1" }
  })
  expect({ status, output: status === 0 ? "" : stdout + stderr }).toEqual({ status: 0, output: "" })
})
