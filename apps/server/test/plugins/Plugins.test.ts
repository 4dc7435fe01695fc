import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Console, Effect, Exit, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { TestConsole } from "effect/testing"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { run } from "../../src/CommandLine.ts"
import { plain, start, userKey } from "../admin/Surface.ts"
import { folder, sluice } from "../commands/Sluice.ts"

const counter = join(import.meta.dirname, "fixture/Counter.ts")
const withModule = (module: string) => `${plain}plugins: [{ module: ${JSON.stringify(module)} }]\n`

/** Runs the command line of a program that adds commands. */
const withCommands = (args: ReadonlyArray<string>, ...commands: ReadonlyArray<Command.Command.Any>) =>
  Effect.gen(function*() {
    const console = yield* TestConsole.make
    const exit = yield* Effect.exit(run(args, { commands }).pipe(Effect.provide(NodeServices.layer), Effect.provideService(Console.Console, console)))
    return { ok: Exit.isSuccess(exit), stdout: (yield* console.logLines).join("\n"), stderr: (yield* console.errorLines).join("\n") }
  })

class Refused extends Schema.TaggedError<Refused>()("Refused", { reason: Schema.String }) {
  override get message(): string {
    return this.reason
  }
}

const hello = Command.make(
  "hello",
  { name: Flag.String("name").pipe(Flag.withDefault("world")) },
  ({ name }) => name === "nobody" ? Effect.fail(new Refused({ reason: "nobody is not greeted" })) : Console.log(`Hello ${name}`)
)

describe("commands that a program adds", () => {
  it.effect("run with their own flags, print, and are listed in the help", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* withCommands(["hello", "--name", "Ada"], hello), { ok: true, stdout: "Hello Ada", stderr: "" })
      assert.match((yield* withCommands(["--help"], hello)).stdout, /hello/)
    }))

  it.effect("fail with one line and an exit code", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* withCommands(["hello", "--name", "nobody"], hello), { ok: false, stdout: "", stderr: "nobody is not greeted" })
    }))

  it.effect("leave the names of sluice's own commands alone, also by an alias", () =>
    Effect.gen(function*() {
      const serve = Command.make("serve", {}, () => Console.log("taken over"))
      const taken = yield* withCommands(["serve", "--help"], serve)
      assert.deepStrictEqual([taken.ok, taken.stderr], [false, "a plug-in brings a command \"serve\", which sluice has itself: call it otherwise"])
      const aliased = yield* withCommands(["simulate"], Command.make("other", {}, () => Effect.void).pipe(Command.withAlias("keys")))
      assert.include(aliased.stderr, "\"keys\", which sluice has itself")
    }))

  it.effect("are refused where two have one name", () =>
    Effect.gen(function*() {
      const twice = yield* withCommands(["hello"], hello, Command.make("hello", {}, () => Effect.void))
      assert.deepStrictEqual([twice.ok, twice.stderr], [false, "two plug-ins bring a command \"hello\": call one of them otherwise"])
    }))
})

describe("a module that the configuration names", () => {
  const files = Effect.map(folder({ "sluice.yaml": withModule(counter).replaceAll("${FOLDER}/", "") }), (cwd) => join(cwd, "sluice.yaml"))

  it.live("brings commands, which know the configuration", () =>
    Effect.gen(function*() {
      const file = yield* files
      const greeted = yield* sluice(["greet", "Ada", "--times", "2", "--config", file])
      assert.deepStrictEqual(greeted, { code: 0, stdout: "Hello Ada, from a gateway of sim\nHello Ada, from a gateway of sim", stderr: "" })
      assert.deepStrictEqual(yield* sluice(["greet", "nobody", `--config=${file}`]), { code: 1, stdout: "", stderr: "nobody is not greeted" })
      const crashed = yield* sluice(["crash", "-c", file])
      assert.strictEqual(crashed.code, 1)
      assert.include(crashed.stderr, "This is a fault of the command \"crash\"")
      assert.strictEqual((yield* sluice(["greet", "Ada"])).code, 1)
    }).pipe(Effect.scoped))

  it.live("brings a command that creates a credential, which is stored sealed and found by those who list them", () =>
    Effect.gen(function*() {
      const cwd = yield* folder({
        "sluice.yaml": withModule(counter).replace("${FOLDER}", "${CWD}").replace(
          "models:",
          "  - { id: far, dialect: openai-chat, baseUrl: \"https://far.example\" }\nmodels:"
        )
      })
      const file = join(cwd, "sluice.yaml")
      const around = { env: { CWD: cwd } }
      const adopted = yield* sluice(["adopt", "far", "sk-adopted-canary-1234", "--config", file], around)
      assert.deepStrictEqual(adopted, { code: 0, stdout: "The credential adopted of far is stored.", stderr: "" })
      const listed = yield* sluice(["credentials", "list", "--json", "--config", file], around)
      assert.include(listed.stdout, "\"id\":\"adopted\"")
      for (const name of readdirSync(cwd)) assert.notInclude(readFileSync(join(cwd, name)).toString("latin1"), "sk-adopted-canary", name)
    }).pipe(Effect.scoped))

  it.live("brings management routes and resources, for the operator and nobody else", () =>
    Effect.gen(function*() {
      const { ask } = yield* start({ config: withModule(counter) })
      const document = (yield* ask("/openapi.json?extension=counter")).json
      const operations = Object.entries<Record<string, unknown>>(document.paths).flatMap(([path, item]) =>
        Object.keys(item).map((method) => [method.toUpperCase(), path.replaceAll(/\{\w+\}/g, "x")] as const)
      )
      assert.strictEqual(operations.length, 4)
      for (const [method, path] of [...operations, ["GET", "/admin/resources/counter/index.html"] as const]) {
        for (const token of [null, userKey]) assert.strictEqual((yield* ask(path, { method, token })).status, 401, `${method} ${path}`)
        assert.notInclude([401, 403, 404, 405], (yield* ask(path, { method })).status, `${method} ${path}`)
      }
      assert.strictEqual((yield* ask("/admin/extensions/counter/count", {})).json, 1)
      assert.strictEqual((yield* ask("/admin/resources/counter/index.html")).text, "<p>counted</p>")
      const broken = yield* ask("/admin/extensions/counter/broken")
      assert.deepStrictEqual([broken.status, broken.headers.get("content-type")], [500, "application/problem+json"])
      // Nowhere else: neither at the root of the server, nor for a client
      assert.strictEqual((yield* ask("/count")).status, 404)
    }).pipe(Effect.scoped))

  it.live("stops the start in one line where it is none", () =>
    Effect.gen(function*() {
      const said = (module: string) =>
        Effect.gen(function*() {
          const cwd = yield* folder({ "sluice.yaml": withModule(module).replaceAll("${FOLDER}", ".") })
          return yield* sluice(["serve", "--config", join(cwd, "sluice.yaml"), "--port", "0"])
        })
      const missing = yield* said("./nowhere.ts")
      assert.strictEqual(missing.code, 1)
      assert.match(missing.stderr, /plugins\[0\]\.module: cannot be loaded: .*nowhere\.ts/)
      const wrong = yield* said(join(import.meta.dirname, "fixture/Wrong.ts"))
      assert.match(wrong.stderr, /sluice\.yaml: plugins\[0\]\.module: its default export must be a Layer of parts, or \{ parts, commands \}/)
    }).pipe(Effect.scoped))
})
