/**
 * `sluice translate`: a request, an answer or a stream of one protocol in the words of another, from standard input to standard
 * output, as the gateway would translate it. What is lost goes to standard error. Sends nothing and reads no configuration.
 */
import type { Dialect } from "@sluice/protocol/Dialect"
import type { Loss } from "@sluice/protocol/Loss"
import { Clock, Console, Effect, Option, Result, Schema, Stdio, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import { dialects } from "../Dialects.ts"
import { lossRow } from "./LossRow.ts"
import { readText, unreadable } from "./ReadText.ts"
import { generating, modelFlag, told } from "./Told.ts"
import * as StreamTranslation from "./translate/StreamTranslation.ts"
import * as Translation from "./translate/Translation.ts"
import { Unsuccessful } from "./Unsuccessful.ts"

/** What was given is nothing of the protocol it was said to be. */
export class Untranslatable
  extends Schema.TaggedError<Untranslatable>()("Untranslatable", { reason: Schema.String, param: Schema.optionalKey(Schema.String) })
{
  override get message(): string {
    return this.param === undefined || this.param === "" ? this.reason : `${this.reason} (at ${this.param})`
  }
}

/** A flag that says nothing without another. */
export class Misplaced extends Schema.TaggedError<Misplaced>()("Misplaced", { flag: Schema.String, needs: Schema.String }) {
  override get message(): string {
    return `--${this.flag} says nothing here without --${this.needs}`
  }
}

const refuse = ({ message: reason, param }: Translation.Untranslatable) => new Untranslatable({ reason, ...(param === undefined ? {} : { param }) })

const dialectFlag = (name: string, description: string) =>
  Flag.Literals(name, dialects.map(({ id }) => id)).pipe(
    Flag.map((id) => dialects.filter((dialect) => dialect.id === id)),
    Flag.withDescription(description)
  )

const off = (name: string, description: string) => Flag.Boolean(name).pipe(Flag.withDescription(description), Flag.withDefault(false))

const flags = {
  from: dialectFlag("from", "The protocol of what standard input holds"),
  to: dialectFlag("to", "The protocol to write"),
  answer: off("answer", "It is a provider's answer, and not a client's request"),
  stream: off("stream", "With --answer: it is a stream. Without: the request asks for one, where its protocol says that in the path (gemini-generate)"),
  model: modelFlag,
  request: Flag.String("request").pipe(
    Flag.withDescription("With --answer: the file with the client's request, in the protocol of --to, whose names and wishes the answer has to fit"),
    Flag.optional
  ),
  lenient: off("lenient", "End with exit code 0 also where meaning was lost"),
  json: off("json", "Print losses as JSON, one in each line")
}

/** Says losses on standard error, and gives whether meaning was among them. */
const tell = (losses: ReadonlyArray<Loss>, json: boolean): Effect.Effect<boolean> => {
  const lines = losses.map((loss) => json ? JSON.stringify(loss) : lossRow(loss).join("  "))
  return Effect.as(lines.length === 0 ? Effect.void : Console.error(lines.join("\n")), losses.some(({ weight }) => weight === "meaning"))
}

const created = Effect.map(Clock.currentTimeMillis, (now) => Math.floor(now / 1000))

interface Options {
  readonly from: Dialect
  readonly to: Dialect
  readonly json: boolean
}

/** What a client's request file says about the answer. */
const asked = Effect.fn(function*({ from, to }: Options, file: Option.Option<string>, model: Option.Option<string>) {
  if (Option.isNone(file)) return Translation.anything
  const text = yield* readText(file.value)
  const endpoint = generating(to)
  const path = endpoint === undefined ? {} : yield* Effect.fromResult(told(to, endpoint, { model, stream: false }))
  return yield* Effect.fromResult(Result.mapError(Translation.askedBy(to, from, text, path), refuse))
})

/** Translates standard input as it comes. */
const stream = Effect.fn(function*({ from, json, to }: Options, request: Translation.Asked) {
  const { stdin, stdout } = yield* Stdio.Stdio
  const running = StreamTranslation.start(from, to, request, yield* created)
  let isLost = false
  let broken: string | undefined
  const told = Effect.fn(function*({ failure, losses, text }: StreamTranslation.Piece) {
    if (failure !== undefined && Translation.isBroken(failure)) broken = failure.message
    isLost = (yield* tell(losses, json)) || isLost
    return text
  })
  yield* stdin.pipe(
    Stream.mapError(unreadable("-")),
    Stream.map(running.push),
    Stream.concat(Stream.suspend(() => Stream.succeed(running.end()))),
    Stream.mapEffect(told),
    Stream.filter((text) => text !== ""),
    Stream.run(stdout({ endOnDone: false }))
  )
  if (broken !== undefined) return yield* new Untranslatable({ reason: `It is no whole stream of ${from.id}: ${broken}` })
  return isLost
})

/** The command. */
export const command = Command.make(
  "translate",
  flags,
  Effect.fn(function*({ answer, from: [from], json, lenient, model, request, stream: streamed, to: [to] }) {
    if (from === undefined || to === undefined) return
    if (!answer && Option.isSome(request)) return yield* new Misplaced({ flag: "request", needs: "answer" })
    if (answer && Option.isSome(model) && Option.isNone(request)) return yield* new Misplaced({ flag: "model", needs: "request" })
    const options = { from, to, json }
    const whole = Effect.fn(function*(translated: Result.Result<Translation.Translation, Translation.Untranslatable>) {
      const { body, losses } = yield* Effect.fromResult(Result.mapError(translated, refuse))
      yield* Console.log(JSON.stringify(body, null, 2))
      return yield* tell(losses, json)
    })
    const isLost = yield* Effect.gen(function*() {
      if (answer && streamed) return yield* stream(options, yield* asked(options, request, model))
      const text = yield* readText("-")
      if (answer) return yield* whole(Translation.ofAnswer(from, to, text, yield* asked(options, request, model), yield* created))
      const endpoint = generating(from)
      const path = endpoint === undefined ? {} : yield* Effect.fromResult(told(from, endpoint, { model, stream: streamed }))
      return yield* whole(Translation.ofRequest(from, to, text, path))
    })
    if (isLost && !lenient) return yield* new Unsuccessful()
  })
).pipe(
  Command.withDescription(
    "Translate what standard input holds from one protocol to another, as the gateway would, and print what is lost on standard error. Exit code 1 when meaning is lost, or when the input is nothing of its protocol"
  ),
  Command.withShortDescription("Translate a request, an answer or a stream; sends nothing"),
  Command.withExamples([
    { command: "sluice translate --from openai-chat --to anthropic-messages < request.json", description: "A request" },
    { command: "sluice translate --from anthropic-messages --to openai-chat --answer --stream < answer.sse", description: "A stream, piece by piece" }
  ])
)
