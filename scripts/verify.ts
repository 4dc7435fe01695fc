// Everything that must hold before a change is taken: types, lint, format, unused exports, packages, tests. `npm run verify` and
// `.ci/run` both run this. Each check counts like a test; the counts of all of them are the very last line.
import { spawn } from "node:child_process"
import { join } from "node:path"

const root = join(import.meta.dirname, "..")

interface Ended {
  readonly ok: boolean
  readonly output: string
}

/** Runs a command and keeps what it says; with `show`, it is also shown as it comes. */
const run = (command: string, args: ReadonlyArray<string>, show?: (text: string) => void): Promise<Ended> =>
  new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] })
    let output = ""
    const take = (chunk: Buffer): void => {
      const text = chunk.toString()
      output += text
      show?.(text)
    }
    child.stdout.on("data", take)
    child.stderr.on("data", take)
    child.on("error", (error) => resolve({ ok: false, output: `${output}${error.message}\n` }))
    child.on("close", (code) => resolve({ ok: code === 0, output }))
  })

/** The checks before the tests; none of them runs the code. */
const checks: ReadonlyArray<readonly [name: string, command: string, ...args: ReadonlyArray<string>]> = [
  ["types", "tsc", "-b"],
  ["lint", "oxlint", "--deny-warnings"],
  ["format", "dprint", "check"],
  ["unused exports", "knip"],
  ["package manifests", "npm", "run", "publint"]
]

const count = { passed: 0, failed: 0, skipped: 0 }

for (const [name, command, ...args] of checks) {
  const startedAt = performance.now()
  const { ok, output } = await run(command, args)
  count[ok ? "passed" : "failed"]++
  console.log(`${ok ? "ok    " : "FAILED"} ${name} (${Math.round(performance.now() - startedAt) / 1000} s)`)
  if (!ok) console.log(output)
}

/** The line that the summary reporter prints last. */
const summary = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/

// The last line is held back: it is counted, not shown
let pending = ""
const showLines = (text: string): void => {
  const lines = (pending + text).split("\n")
  pending = lines.pop() ?? ""
  for (const line of lines) if (!summary.test(line)) console.log(line)
}

const tests = await run("npm", ["test"], showLines)
if (pending !== "") console.log(pending)
const last = tests.output.trimEnd().split("\n").map((line) => summary.exec(line)).findLast((found) => found !== null)
count.passed += Number(last?.[1] ?? 0)
count.failed += last === undefined ? 1 : Number(last[2])
count.skipped += Number(last?.[3] ?? 0)
// A run that fails without a failed test has still failed
if (!tests.ok && Number(last?.[2] ?? 0) === 0 && last !== undefined) count.failed++

process.exitCode = count.failed === 0 ? 0 : 1
console.log(`${count.passed} passed, ${count.failed} failed${count.skipped === 0 ? "" : `, ${count.skipped} skipped`}`)
