/** The replies that have no script: error statuses, pages, redirects, empty bodies and connections that never get as far as a head. */
import { type Action, type Actions, contentTypes, wait, whole } from "./Actions.ts"
import { failed, refused } from "./ErrorReply.ts"
import type { Provider } from "./Provider.ts"
import { numberParameter, type Selection } from "./Selection.ts"

/** What a reply without script may depend on. */
export interface ReplyContext {
  readonly provider: Provider
  readonly answer: number
  readonly selection: Selection
  readonly model: string
  readonly stream: boolean
}

const page = "<!doctype html><html><head><title>Simulator</title></head><body><h1>This is a page</h1></body></html>"

const replies = {
  "error": ({ provider, answer, selection }) => failed(provider, answer, selection, 500),
  "error-page": ({ selection }) => whole(numberParameter(selection, "status", 502), contentTypes.html, page),
  "page": () => whole(200, contentTypes.html, page),
  "redirect": ({ selection }) => whole(numberParameter(selection, "status", 307), { location: selection.parameters.get("location") ?? "/v1/elsewhere" }, ""),
  "empty": ({ provider, answer, stream }): Actions =>
    stream
      ? [{ type: "head", status: 200, headers: { ...(provider.streamHeaders ?? contentTypes.sse), ...provider.answerHeaders(answer) } }]
      : whole(200, contentTypes.json, ""),
  "quota": ({ provider, answer, model }) => refused(provider, answer, provider.refusals.quota(model)),
  "context-overflow": ({ provider, answer, model }) => refused(provider, answer, provider.refusals.contextOverflow(model)),
  "unknown-model": ({ provider, answer, model }) => refused(provider, answer, provider.refusals.unknownModel(model)),
  "stall-head": (): Actions => [{ type: "stall" }],
  "reset-head": (): Actions => [{ type: "reset" }]
} satisfies Readonly<Record<string, (context: ReplyContext) => Actions>>

/** The name of a reply without script. */
export type ReplyName = keyof typeof replies

/** Plays a reply without script, after the parameter `head`. */
export function* playReply(name: ReplyName, context: ReplyContext): Generator<Action> {
  yield* wait(numberParameter(context.selection, "head", 0))
  yield* replies[name](context)
}
