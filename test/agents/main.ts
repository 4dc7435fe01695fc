// `pnpm test:agents`: real coding agents, installed from npm, each doing a task with a tool call through the reference server on
// every upstream protocol. Options: --agent NAME, --model NAME (a way of an agent), --upstream PROTOCOL, --quick (the first way
// of each agent). What cannot be installed or started here counts as failed. Needs the npm registry the first time, and nothing
// but this machine afterwards.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { type Agent, agents, type DialectName, dialects, type Way } from "./Agents.ts"
import * as Gateway from "./Gateway.ts"
import { install } from "./Installation.ts"
import * as Recorder from "./Recorder.ts"
import { run } from "./Run.ts"
import { type Cell, table } from "./Table.ts"

const { values } = parseArgs({
  options: { agent: { type: "string" }, model: { type: "string" }, upstream: { type: "string" }, quick: { type: "boolean", default: false } }
})

interface Task {
  readonly agent: Agent
  readonly way: Way
  readonly upstream: DialectName
}

const tasks = agents.flatMap((agent) =>
  agent.ways
    .filter((way, index) => !values.quick || index === 0 || way.model === values.model)
    .flatMap((way) => dialects.map((upstream): Task => ({ agent, way, upstream })))
).filter(({ agent, upstream, way }) =>
  (values.agent ?? agent.name) === agent.name && (values.model ?? way.model) === way.model && (values.upstream ?? upstream) === upstream
)
if (tasks.length === 0) {
  console.error(`--agent takes one of: ${agents.map(({ name }) => name).join(", ")}`)
  for (const { name, ways } of agents) console.error(`  --model of ${name}: ${ways.map(({ model }) => model).join(", ")}`)
  console.error(`--upstream takes one of: ${dialects.join(", ")}`)
  process.exit(2)
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130))
const folder = mkdtempSync(join(tmpdir(), "sluice-agents-"))
process.on("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))

const gateway = await Gateway.start(folder)
const place = { gateway, recorder: await Recorder.start(gateway.port), folder, known: new Set<string>() }
const cells: Array<Cell> = []
let failed = 0

const note = ({ agent, upstream, way }: Task, seconds: number | undefined, problems: ReadonlyArray<string>, evidence: string): void => {
  const time = seconds === undefined ? "" : ` ${seconds.toFixed(1)} s`
  const text = `${problems.length === 0 ? "ok" : "FAILED"}${time}`
  cells.push({ line: `${agent.name} ${agent.version} (${way.model})`, upstream, text })
  console.log(`${agent.name} (${way.model}, ${way.inbound}) → ${upstream}: ${text}`)
  if (problems.length === 0) return
  failed++
  for (const problem of problems) console.log(`  ${problem}`)
  if (evidence !== "") console.log(evidence.replaceAll(/^/gm, "  | "))
}

for (const agent of agents.filter((each) => tasks.some((task) => task.agent === each))) {
  const installed = await install(agent, folder)
  // One after the other: agents are heavy, and rows belong to the run that made them
  for (const task of tasks.filter((each) => each.agent === agent)) {
    if ("problem" in installed) note(task, undefined, [installed.problem], "")
    else {
      const { evidence, problems, seconds } = await run(place, installed.executable, agent, task.way, task.upstream)
      note(task, seconds, problems, evidence)
    }
  }
}

await gateway.stop()
console.log(`\n${table(cells).join("\n")}\n\n${tasks.length - failed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
