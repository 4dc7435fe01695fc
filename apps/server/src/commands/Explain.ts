/**
 * `sluice explain`: says what would become of a request without sending it: which route and targets, what each target would be
 * sent, what a translation loses, what would be refused. Looks at no key and no limit.
 */
import { parse } from "@sluice/protocol/Json"
import { Clock, Console, Effect, Option, Result } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { dialects } from "../Dialects.ts"
import { explain, type Explanation } from "./explain/Explanation.ts"
import { guess } from "./explain/GuessDialect.ts"
import { toText } from "./explain/Text.ts"
import { configFlag, loadConfig } from "./LoadConfig.ts"
import { readText } from "./ReadText.ts"
import { generating, modelFlag, told } from "./Told.ts"
import { Unsuccessful } from "./Unsuccessful.ts"

/** Bodies are JSON too, so they are shown as such. */
const toJson = ({ targets, ...rest }: Explanation): string => {
  const shown = targets.map(({ text, ...target }) => ({ ...target, body: Result.getOrElse(parse(text), () => text) }))
  return JSON.stringify({ ...rest, targets: shown }, null, 2)
}

/** The command. */
export const command = Command.make(
  "explain",
  {
    request: Argument.String("request").pipe(Argument.withDescription("The file with the body of a request; - reads standard input")),
    config: configFlag,
    from: Flag.Literals("from", dialects.map(({ id }) => id)).pipe(
      Flag.withDescription("The protocol of the request; may be left out where the body can be of one only"),
      Flag.optional
    ),
    model: modelFlag,
    stream: Flag.Boolean("stream").pipe(
      Flag.withDescription("The request asks for a stream, where its protocol says that in the path (gemini-generate)"),
      Flag.withDefault(false)
    ),
    json: Flag.Boolean("json").pipe(Flag.withDescription("Print the explanation as JSON"), Flag.withDefault(false))
  },
  Effect.fn(function*({ config: file, from, json, model, request, stream }) {
    const config = yield* loadConfig(file)
    const text = yield* readText(request)
    const said = Option.flatMapNullishOr(from, (id) => dialects.find((dialect) => dialect.id === id))
    const dialect = Option.isSome(said) ? said.value : yield* Effect.fromResult(guess(dialects, text))
    const endpoint = generating(dialect)
    const path = endpoint === undefined ? {} : yield* Effect.fromResult(told(dialect, endpoint, { model, stream }))
    const explanation = explain(config, dialect, text, path, yield* Clock.currentTimeMillis)
    yield* Console.log(json ? toJson(explanation) : toText(explanation))
    if (explanation.refusal !== undefined) return yield* new Unsuccessful()
  })
).pipe(
  Command.withDescription(
    "Say where a request would go, what each target would be sent and what would be lost. Sends nothing. Exit code 1 when it would be refused"
  ),
  Command.withShortDescription("Say what would become of a request; sends nothing"),
  Command.withExamples([
    { command: "sluice explain request.json --config sluice.yaml", description: "Explain a body saved in a file" },
    { command: "sluice explain - --from anthropic-messages --json", description: "Explain what standard input holds, as JSON" }
  ])
)
