/**
 * A gateway's credentials in a process of their own. Its arguments: the address of the store, the issuer, and the client's id. Says
 * `ready`. A line of its standard input is a round: `refused N` is so many users who are refused at the same time, `asked N` so many who ask
 * for a refresh whatever was. Prints for each round how many of them may try again, and the digest of what they would send.
 */
import * as Credentials from "@sluice/gateway/credentials/Credentials"
import * as CredentialSeal from "@sluice/gateway/credentials/CredentialSeal"
import * as OAuth from "@sluice/gateway/credentials/OAuth"
import * as UndiciClient from "@sluice/gateway/UndiciClient"
import { Effect, Layer, Logger, Redacted } from "effect"
import { createHash } from "node:crypto"
import { createInterface } from "node:readline"
import * as Stores from "./Stores.ts"

const [url = "", issuer = "", clientId = ""] = process.argv.slice(2)

const say = (line: string) => Effect.sync(() => process.stdout.write(`${line}\n`))

const next = Effect.suspend(() => {
  const lines = createInterface({ input: process.stdin })
  return Effect.callback<string>((resume) => {
    lines.once("line", (line) => {
      lines.close()
      resume(Effect.succeed(line))
    })
  })
})

const program = Effect.gen(function*() {
  const from = yield* OAuth.make({ clientId, tokenUrl: `${issuer}/token`, deviceUrl: `${issuer}/device` })
  const context = yield* Layer.build(
    Credentials.layer({
      seal: Effect.succeed(CredentialSeal.make(Redacted.make("what both processes know"))),
      credentials: [{ provider: "vendor", id: "main", from }]
    }).pipe(Layer.provide(Stores.open(url)))
  )
  const credentials = yield* Effect.provide(Credentials.Credentials, context)
  yield* say("ready")
  for (;;) {
    const [what, users] = (yield* next).split(" ")
    const renew = what === "refused" ? credentials.current("vendor")[0]?.renew : credentials.refresh({ provider: "vendor", id: "main" })
    const told = yield* Effect.forEach(Array.from({ length: Number(users) }), () => renew ?? Effect.succeed(false), { concurrency: "unbounded" })
    const secret = credentials.current("vendor")[0]?.secret()
    const sent = secret === undefined ? "" : createHash("sha256").update(Redacted.value(secret)).digest("hex")
    yield* say(`${told.filter((mayTry) => mayTry).length} ${sent}`)
  }
})

void Effect.runPromise(program.pipe(Effect.scoped, Effect.provide([UndiciClient.layer(), Logger.layer([])])))
