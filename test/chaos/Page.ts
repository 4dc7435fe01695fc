/** The page docs/guarantees.md: every guarantee with what was done to it, how often, and what came of it. Made from recorded runs only. */
import type { Experiment } from "./Experiment.ts"
import { experiments } from "./Experiments.ts"
import * as Results from "./Results.ts"

const row = (cells: ReadonlyArray<string>): string => `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const all = [head, ...rows].map((cells) => cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")))
  const widths = head.map((_, column) => Math.max(3, ...all.map((cells) => cells[column]?.length ?? 0)))
  const line = (cells: ReadonlyArray<string>): string => row(cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)))
  const [top = [], ...rest] = all
  return [line(top), row(widths.map((width) => "-".repeat(width))), ...rest.map(line)].join("\n")
}

const seconds = (millis: number): string => millis < 100_000 ? `${(millis / 1000).toFixed(0)} s` : `${(millis / 60_000).toFixed(0)} min`

const figure = (value: number): string => String(Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3)))

const reasonOf = ({ notRun }: Experiment, result: Results.Result | undefined): string =>
  notRun ?? result?.notRun ?? "its long form has not been recorded; its short form is part of the tests"

const overview = (experiment: Experiment): ReadonlyArray<string> => {
  const result = Results.read(experiment.id)
  const verdict = experiment.notRun === undefined ? Results.verdict(result) : "not run"
  const last = result?.batches.at(-1)
  const name = `[${experiment.id}](#${experiment.id.toLowerCase()})`
  if (verdict === "not run" || result === undefined || last === undefined) return [name, experiment.title, "not run", "0", "", ""]
  return [name, experiment.title, verdict, `${Results.runsOf(result)} of ${result.wanted}`, last.date.slice(0, 10), last.commit]
}

const details = (experiment: Experiment): string => {
  const result = Results.read(experiment.id)
  const told = [
    `## ${experiment.id}`,
    `**${experiment.title}.** ${experiment.injection}`,
    `_Must hold:_ ${experiment.criterion}`
  ]
  if (experiment.notRun !== undefined || result === undefined || result.batches.length === 0) {
    return [...told, `Not run: ${reasonOf(experiment, result)}.`].join("\n\n")
  }
  const { counts, failures, worst } = Results.total(result.batches)
  const figures = [
    ...Object.entries(counts).map(([name, count]) => [name, String(count)]),
    ...Object.entries(worst).map(([name, value]) => [name, figure(value)])
  ]
  const durations = result.batches.reduce((sum, { durationMs }) => sum + durationMs, 0)
  const seeds = result.batches.map(({ seed }) => seed)
  const commits = [...new Set(result.batches.map(({ commit }) => commit))]
  const when = [...new Set(result.batches.map(({ date }) => date.slice(0, 10)))]
  const shownSeeds = seeds.length > 8 ? `${seeds.slice(0, 8).join(", ")} and ${seeds.length - 8} more in its file` : seeds.join(", ")
  return [
    ...told,
    table(["seen", "number"], [["runs", String(Results.runsOf(result))], ...figures]),
    ...(failures.length === 0 ? [] : [`**It does not hold.** ${failures.length} failures:`, failures.slice(0, 10).map((failure) => `- ${failure}`).join("\n")]),
    `Run ${when.join(", ")} in ${seconds(durations)} at ${commits.join(", ")}, seed${seeds.length === 1 ? "" : "s"} ${shownSeeds}, on ${result.machine}.`
  ].join("\n\n")
}

/** The page. */
export const guarantees = (): string =>
  `${
    [
      "# Guarantees",
      `Each guarantee is attacked by an experiment: processes that are killed, cut off, filled up and misled on purpose, while clients, upstream and
ledger keep logs of their own. A pure function compares the three logs afterwards. \`npm run chaos\` runs the experiments ([test/chaos](../test/chaos/main.ts));
\`npm run chaos -- --only G1 --seed N\` repeats one. This page is made from the recorded runs: a guarantee that fails is shown as failing, one that was not run
as not run. Figures in milliseconds are of the machine that is named.`,
      table(["guarantee", "what it says", "verdict", "runs", "date", "commit"], experiments.map(overview)),
      ...experiments.map(details)
    ].join("\n\n")
  }\n`
