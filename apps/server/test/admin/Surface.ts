/** A whole server in this process with its management surface, for tests: started from a configuration's text, asked over a socket. */
import { NodeServices } from "@effect/platform-node"
import { ConfigProvider, Console, Deferred, Effect, type Scope } from "effect"
import { join } from "node:path"
import { run } from "../../src/CommandLine.ts"
import { folder, urlIn } from "../commands/Sluice.ts"

/** The operator's token of these servers. */
export const token = "operator-canary-7d1f3a5b9c2e4f608172"

/** A key of a client of theirs. */
export const userKey = "sk-user-canary-55aa77cc99ee11"

/** One reply. */
export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as JSON, in whatever shape the test expects. */
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly json: any
}

/** What is asked. */
export interface Asked {
  readonly method?: string
  readonly headers?: Record<string, string>
  /** A text, or what is sent as JSON. */
  readonly body?: unknown
  /** Absent = the operator's; null = none. */
  readonly token?: string | null
}

/** A running server. */
export interface Surface {
  readonly url: string
  readonly cwd: string
  readonly file: string
  readonly ask: (path: string, asked?: Asked) => Effect.Effect<Reply>
  /** Everything the server has logged or printed so far. */
  readonly said: () => string
}

/** The configuration most of these tests start from. */
export const plain = `# The gateway of these tests
server: { lameDuck: 0 seconds }
auth: { mode: keys, adminToken: ${token} } # for operators
ledger:
  url: "sqlite:\${FOLDER}/sluice.db" # kept here

providers:
  - id: sim # answers by itself
    dialect: openai-chat
    simulator: true
    credentials: [{ id: main, apiKey: upstream-canary-1a2b3c4d5e6f }]
models:
  - { id: fast, targets: [{ provider: sim, model: sim-text }] }
  - { id: "*", targets: [{ provider: sim }] }
keys: [{ id: user, key: ${userKey} }]
`

const asking =
  (url: string, operator: string) =>
  (path: string, { body, headers = {}, method = body === undefined ? "GET" : "POST", token: given = operator }: Asked = {}) =>
    Effect.promise(async (): Promise<Reply> => {
      const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body)
      const reply = await fetch(`${url}${path}`, {
        method,
        redirect: "manual",
        headers: {
          ...(given === null ? {} : { authorization: `Bearer ${given}` }),
          ...(text === undefined ? {} : { "content-type": "application/json" }),
          ...headers
        },
        ...(text === undefined ? {} : { body: text })
      })
      const said = await reply.text()
      return {
        status: reply.status,
        headers: reply.headers,
        text: said,
        get json() {
          return JSON.parse(said)
        }
      }
    })

/** Starts one. */
export const start = (
  { adminToken = token, config = plain, env = {}, files = {} }: {
    readonly adminToken?: string
    readonly config?: string
    readonly env?: Record<string, string>
    readonly files?: Readonly<Record<string, string>>
  } = {}
): Effect.Effect<Surface, never, Scope.Scope> =>
  Effect.gen(function*() {
    const cwd = yield* folder({ "sluice.yaml": config, ...files })
    const file = join(cwd, "sluice.yaml")
    const greeted = yield* Deferred.make<string>()
    const lines: Array<string> = []
    const say = (...words: ReadonlyArray<unknown>): void => {
      const line = words.map(String).join(" ")
      lines.push(line)
      if (line.includes("listening on")) Deferred.doneUnsafe(greeted, Effect.succeed(line))
    }
    const console: Console.Console = { ...globalThis.console, log: say, error: say, warn: say, info: say, debug: say, group: () => {}, groupEnd: () => {} }
    yield* run(["serve", "--config", file, "--port", "0"]).pipe(
      Effect.provide([NodeServices.layer, ConfigProvider.layer(ConfigProvider.fromEnvRecord({ FOLDER: cwd, ...env }))]),
      Effect.provideService(Console.Console, console),
      Effect.onExit((exit) => Deferred.die(greeted, `${JSON.stringify(exit)}\n${lines.join("\n")}`)),
      Effect.forkScoped
    )
    const url = urlIn(yield* Deferred.await(greeted))
    return { url, cwd, file, ask: asking(url, adminToken), said: () => lines.join("\n") }
  })
