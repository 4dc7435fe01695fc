/**
 * `sluice ledger verify`: looks whether the recorded exchanges are as they were stored, and names the first that is not. Reads the
 * ledger itself, whether a server runs or not.
 */
import * as LedgerReader from "@sluice/ledger/LedgerReader"
import type { Report } from "@sluice/ledger/Verification"
import { Console, Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { configFlag, loadConfig } from "../LoadConfig.ts"
import { Unsuccessful } from "../Unsuccessful.ts"
import { sourceOf } from "./KeptIn.ts"

interface Noted {
  readonly number: number
  readonly digest: string
}

const readNoted = (text: string): Option.Option<Noted> => {
  const [, number, digest] = /^(\d{1,15}):([\w-]{43})$/.exec(text) ?? []
  return number === undefined || digest === undefined ? Option.none() : Option.some({ number: Number(number), digest })
}

const inWords = ({ finding, heads, newest, rows, signedHeads, uncovered, writers }: Report, isKeyKnown: boolean): string => {
  if (finding !== undefined) return `The ledger is not as it was stored: ${finding.message}.`
  const looked = `${rows} exchanges of ${writers} writers are as they were stored.`
  if (newest === undefined) return `${looked} None is covered by a head yet.`
  const signatures = !isKeyKnown
    ? "Their signatures were not looked at, because ledger.signingKey is not configured."
    : signedHeads === 0
    ? "None of them is signed."
    : signedHeads === heads
    ? "All of them are signed."
    : `${signedHeads} of them are signed, the older ones are not.`
  return `${looked} ${heads} heads cover all but ${uncovered} of them. ${signatures}\nThe newest head, to be noted elsewhere: ${newest.number}:${newest.digest}`
}

/** The command. */
export const verify = Command.make(
  "verify",
  {
    config: configFlag,
    head: Flag.String("head").pipe(
      Flag.filterMap(readNoted, () => "Expected NUMBER:DIGEST as an earlier verification printed it"),
      Flag.withMetavar("NUMBER:DIGEST"),
      Flag.withDescription("A head that was noted before and must still be there: finds out whether the end of the ledger was cut off"),
      Flag.optional
    ),
    json: Flag.Boolean("json").pipe(Flag.withDescription("Print { ok, finding, rows, writers, heads, … }"), Flag.withDefault(false))
  },
  Effect.fn(function*({ config, head, json }) {
    const loaded = yield* loadConfig(config)
    const source = yield* sourceOf(loaded)
    const key = loaded.ledger.signingKey
    const report = yield* LedgerReader.verify(source, key, Option.getOrUndefined(head))
    const ok = report.finding === undefined
    yield* json
      ? Console.log(JSON.stringify({ ok, ...report }))
      : ok
      ? Console.log(inWords(report, key !== undefined))
      : Console.error(inWords(report, key !== undefined))
    if (!ok) return yield* new Unsuccessful()
  })
).pipe(
  Command.withDescription("Look whether the recorded exchanges are as they were stored. Names the first that is not; exit code 1 then"),
  Command.withShortDescription("Look for rows that were changed"),
  Command.withExamples([{ command: "sluice ledger verify --config sluice.yaml", description: "Verify the whole ledger" }])
)
