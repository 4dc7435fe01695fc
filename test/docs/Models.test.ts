/** What docs/guides/models.md says of names is where the file it shows leads; the part it shows brings the models it says; its command is there. */
import type { ModelEntry } from "@sluice/gateway/ModelEntry"
import * as ModelRegistry from "@sluice/gateway/ModelRegistry"
import type { ModelSource } from "@sluice/gateway/Models"
import * as Planner from "@sluice/gateway/Planner"
import { ProviderId } from "@sluice/gateway/ProviderId"
import { type Any, layer as registries, Models } from "@sluice/gateway/Registries"
import { Effect, Layer, Option, Result } from "effect"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { afterAll, describe, expect, it } from "vitest"
import { parse, toModelEntries, toNaming } from "../../apps/server/src/Config.ts"
import { read, root } from "../Repository.ts"
import { blocks } from "./Markdown.ts"

const page = "docs/guides/models.md"
const blockOf = (language: string): string => blocks(page).find((block) => block.language === language)?.code ?? ""

// Ignored by git, and outside node_modules, where types are not stripped
const folder = join(root, "test/docs/dist", `models-${process.pid}`)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe("the guide on models", () => {
  const config = Result.getOrThrow(parse(blockOf("yaml"), { OPENAI_API_KEY: "sk-1", ANTHROPIC_API_KEY: "sk-2" }))
  const anthropic = ProviderId.make("anthropic")
  const listed = ["claude-sonnet-4-5", "claude-haiku-4-5"].map((model): ModelEntry => ({
    id: `anthropic/${model}`,
    targets: [{ provider: anthropic, model }],
    origin: { _tag: "Discovered", provider: anthropic, credentials: ["main"] }
  }))
  const snapshot = Result.getOrThrow(ModelRegistry.make([...toModelEntries(config), ...listed], config.providers.map(({ id }) => id), toNaming(config)))
  const rows = read(page).split("\n").filter((line) => line.startsWith("| `") && line.split("|").length === 5).map((line) =>
    line.split("|").map((cell) => cell.trim().replaceAll("`", ""))
  )

  it("has a table of names", () => {
    expect(rows.length).toBeGreaterThan(10)
  })

  it.each(rows.map(([, name = "", target = ""]) => [name, target] as const))("says where %s leads", (name, target) => {
    const route = Option.getOrUndefined(ModelRegistry.resolve(snapshot, name))
    const candidates = route === undefined ? [] : Planner.plan(snapshot, route, () => 0)
    expect(candidates.length === 0 ? "nothing" : candidates.map(({ model, provider }) => `${provider}:${model}`).join(", then ")).toBe(target)
  })

  it("shows a part that brings a list and a model", async () => {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, "part.ts"), blockOf("ts"))
    const part: { readonly models: Layer.Layer<never, never, Any> } = await import(/* @vite-ignore */ pathToFileURL(join(folder, "part.ts")).href)
    const sources: ReadonlyArray<ModelSource> = await Effect.runPromise(
      Models.use(({ all }) => all).pipe(Effect.provide(part.models.pipe(Layer.provideMerge(registries()))))
    )
    expect(sources.map(({ discovery, entries, id }) => [id, discovery?.provider, entries?.map((entry) => entry.id)])).toEqual([
      ["discovery-openai", "openai", undefined],
      ["house", undefined, ["house-model"]]
    ])
  })

  it("names a command that is there, and the options it has", () => {
    const { scripts }: { readonly scripts: { readonly [name: string]: string } } = JSON.parse(read("package.json"))
    const command = blockOf("sh").trim().replace("npm run ", "")
    expect(scripts[command]).toContain("scripts/refresh-catalogue.ts")
    const options = [...read(page).matchAll(/`--(allow-\w+)`/g)].map(([, option]) => option)
    expect(options).toEqual(["allow-gone", "allow-changes"])
    for (const option of options) expect(read("scripts/refresh-catalogue.ts")).toContain(`"${option}"`)
  })
})
