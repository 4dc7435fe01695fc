import { defineConfig } from "vitest/config"
import { SummaryReporter } from "./scripts/SummaryReporter.ts"

const project = (folder: string, name: string) => ({
  extends: true as const,
  test: { name, root: folder, include: ["test/**/*.test.ts"] }
})

export default defineConfig({
  test: {
    // A slow machine is no failure: these bound what hangs
    testTimeout: 60_000,
    hookTimeout: 60_000,
    setupFiles: [`${import.meta.dirname}/scripts/testSetup.ts`],
    reporters: ["default", new SummaryReporter()],
    projects: [
      project("packages/protocol", "protocol"),
      project("packages/openai", "openai"),
      project("packages/anthropic", "anthropic"),
      project("packages/gemini", "gemini"),
      project("packages/gateway", "gateway"),
      project("packages/ledger", "ledger"),
      project("packages/testing", "testing"),
      project("apps/server", "server"),
      project(".", "workspace")
    ]
  }
})
