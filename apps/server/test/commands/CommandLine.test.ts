import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { asProcess, folder, sluice } from "./Sluice.ts"

const commands = ["serve", "check-config", "explain", "translate", "ledger query", "keys create", "keys list", "keys revoke", "simulate"]

describe("the command line", () => {
  it.effect("shows its commands when it is given none, and with --help", () =>
    Effect.gen(function*() {
      for (const args of [[], ["--help"]]) {
        const { code, stderr, stdout } = yield* sluice(args)
        assert.deepStrictEqual([code, stderr], [0, ""])
        for (const command of commands) assert.include(stdout, command.split(" ")[0]!)
      }
    }))

  it.effect.each(commands)("explains %s with --help", (command) =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* sluice([...command.split(" "), "--help"])
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.include(stdout, `sluice ${command}`)
    }))

  const mistakes: ReadonlyArray<readonly [args: string, complaint: RegExp]> = [
    ["serv", /Unknown subcommand "serv"/],
    ["serve --prot 1", /Unrecognized flag: --prot/],
    ["serve --port many", /Invalid value for flag --port/],
    ["explain", /Missing required argument: request/],
    ["explain x.json --from nothing", /Invalid value for flag --from/],
    ["translate --from openai-chat", /Missing required flag: --to/],
    ["translate --from openai-chat --to nothing", /Invalid value for flag --to/],
    ["ledger query --limit 0", /Expected a whole number of at least 1/],
    ["ledger query --from yesterday", /Expected a time such as 2026-11-20/],
    ["keys create", /Missing required flag: --name/],
    ["keys create --name a --expires yesterday", /Expected a time such as 2027-01-31/],
    ["keys create --name a --budget-usd 1,5", /Expected an amount in US dollars such as 25.00/],
    ["keys create --name a --concurrency 0", /Expected a whole number of at least 1/],
    ["keys revoke", /Missing required argument: id/],
    ["ledger query --status gone", /Invalid value for flag --status/]
  ]
  it.effect.each(mistakes)("answers a mistake with one line and exit code 1: %s", ([args, complaint]) =>
    Effect.gen(function*() {
      const { code, stderr } = yield* sluice(args.split(" "))
      assert.strictEqual(code, 1)
      assert.match(stderr, complaint)
      assert.notMatch(stderr, /\n\s+at /)
    }))

  it.live("is a program that ends with the same exit codes", () =>
    Effect.gen(function*() {
      const cwd = yield* folder()
      const [version, mistake] = yield* Effect.all([asProcess(["--version"], cwd), asProcess(["serv"], cwd)])
      assert.deepStrictEqual(version, { code: 0, stdout: "sluice v0.0.0\n", stderr: "" })
      assert.deepStrictEqual([mistake.code, /Unknown subcommand "serv"/.test(mistake.stderr)], [1, true])
    }).pipe(Effect.scoped), 60_000)
})
