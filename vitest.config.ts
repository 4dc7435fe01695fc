import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"
import { SummaryReporter } from "./scripts/SummaryReporter.ts"

/** Experiments that measure what the machine gives a process: no other test runs beside them. */
const experiments = "test/chaos/**/*.test.ts"

const project = (folder: string, name: string) => ({
  extends: true as const,
  test: { name, root: folder, include: ["test/**/*.test.ts"], exclude: folder === "." ? [experiments] : [], sequence: { groupOrder: 0 } }
})

export default defineConfig({
  test: {
    // A slow machine is no failure: these bound what hangs
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // One file waits for a process or a socket while another computes
    maxWorkers: Math.max(2, availableParallelism()),
    setupFiles: [`${import.meta.dirname}/scripts/testSetup.ts`],
    reporters: ["default", new SummaryReporter()],
    projects: [
      project("packages/protocol", "protocol"),
      project("packages/openai", "openai"),
      project("packages/anthropic", "anthropic"),
      project("packages/gemini", "gemini"),
      project("packages/catalogue", "catalogue"),
      project("packages/gateway", "gateway"),
      project("packages/ledger", "ledger"),
      project("packages/testing", "testing"),
      project("apps/server", "server"),
      project(".", "workspace"),
      { extends: true as const, test: { name: "chaos", root: ".", include: [experiments], maxWorkers: 1, sequence: { groupOrder: 1 } } }
    ]
  }
})
