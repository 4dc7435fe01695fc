/**
 * The simulator without a transport: takes a request, writes its log entry and answers with the actions to perform.
 * Holds the only state there is, the counters and the log. Server.ts and InProcess.ts perform the actions.
 */
import { type Action, type Actions, contentTypes, whole } from "./Actions.ts"
import type { Context } from "./Content.ts"
import { failed, refused } from "./ErrorReply.ts"
import { type Facts, isRefusal } from "./Facts.ts"
import { notJson, parseJson } from "./Json.ts"
import { playBody } from "./PlayBody.ts"
import { playStream } from "./PlayStream.ts"
import type { Answer, Incoming, Operation, Provider } from "./Provider.ts"
import { findRoute, type Route } from "./Providers.ts"
import { playReply } from "./Replies.ts"
import { type LogEntry, makeLog, type RequestLog } from "./RequestLog.ts"
import { reshape } from "./Reshape.ts"
import { type Scenario, scenarios } from "./Scenarios.ts"
import { isSet, numberParameter, select, type Selection, withDefaults } from "./Selection.ts"
import { inputUsage } from "./Usage.ts"

/** What to do on the connection, and where to note how it went. */
export interface Exchange {
  readonly entry: LogEntry
  readonly actions: Actions
}

/** One simulator: its log and its way to answer. */
export interface Engine {
  readonly log: RequestLog
  readonly receive: (incoming: Incoming, now: number) => Exchange
}

const routeless = (incoming: Incoming): Actions => {
  const error = { message: `Invalid URL (${incoming.method} ${incoming.path})`, type: "invalid_request_error", param: null, code: null }
  return whole(404, contentTypes.json, JSON.stringify({ error }))
}

const contextOf = (provider: Provider, answer: number, facts: Facts): Context => ({
  facts,
  callId: (call) => provider.callId(answer, call),
  signature: provider.signature,
  redacted: provider.redacted,
  interleaves: provider.interleavesCalls
})

const playScript = (provider: Provider, entry: LogEntry, facts: Facts, selection: Selection, scenario: Scenario): Actions => {
  const answer: Answer = {
    number: entry.n,
    facts,
    body: entry.body,
    callIds: isSet(selection, "ids"),
    usage: inputUsage(facts, scenario.cached),
    habit: scenario.habit,
    quirk: scenario.quirk,
    logprobs: facts.logprobs || scenario.logprobs
  }
  const script = scenario.script(contextOf(provider, entry.n, facts), selection)
  const play = facts.stream === (scenario.mode === "asked") ? playStream : playBody
  const actions = play(provider, answer, selection, script, (usage) => {
    entry.usage = usage
  })
  return scenario.informational ? announced(actions) : actions
}

function* announced(actions: Actions): Generator<Action> {
  yield { type: "informational" }
  yield* actions
}

/** The answer of an operation that has no script. */
const plainAnswer = (provider: Provider, incoming: Incoming, entry: LogEntry, operation: Operation): Actions => {
  const ask = operation === "models" ? provider.models : operation === "embed" ? provider.embed : provider.count
  const answer = ask?.(incoming, entry.body) ?? { status: 404, message: "Not found" }
  return typeof answer === "string" ? whole(200, { ...contentTypes.json, ...provider.answerHeaders(entry.n) }, answer) : refused(provider, entry.n, answer)
}

/** What a simulator may be told. */
export interface EngineOptions {
  /** How many requests the log keeps. */
  readonly logLimit?: number
  /** Who is let in, by the secret that was sent, in whatever header; absent = whoever the protocol's own service would let in. */
  readonly accepts?: (secret: string) => boolean
}

/** The secret of a request, from wherever a protocol or a login puts it. */
const secretOf = ({ headers }: Incoming): string =>
  /^Bearer +(.+)$/i.exec(headers["authorization"] ?? "")?.[1] ?? headers["x-api-key"] ?? headers["x-goog-api-key"] ?? headers["api-key"] ?? ""

/** A fresh simulator with an empty log and no counters. */
export const makeEngine = (options: EngineOptions = {}): Engine => {
  const log = makeLog(options.logLimit)
  const seen = new Map<string, number>()
  let count = 0

  /** Whether `fail=n` lets this request through; undefined where the selection does not ask for it. */
  const isRecovered = (selection: Selection): boolean | undefined => {
    const failures = numberParameter(selection, "fail", -1)
    if (failures < 0) return undefined
    const before = seen.get(selection.key) ?? 0
    seen.set(selection.key, before + 1)
    return before >= failures
  }

  const answer = ({ provider, operation }: Route, incoming: Incoming, entry: LogEntry, asked: Selection): Actions => {
    const denied = options.accepts === undefined
      ? provider.authorize(incoming)
      : options.accepts(secretOf(incoming))
      ? undefined
      : { status: 401, message: "The credential is not valid.", code: "invalid_api_key" }
    if (denied !== undefined) return refused(provider, entry.n, denied)
    const wanted = scenarios[asked.scenario]
    if (wanted === undefined) return refused(provider, entry.n, provider.refusals.unknownModel(entry.model))
    const facts = operation === "generate" ? provider.read(incoming, entry.body) : undefined
    if (facts !== undefined && isRefusal(facts)) return refused(provider, entry.n, facts)
    const recovered = isRecovered(asked)
    if (recovered === false && !wanted.fault) return failed(provider, entry.n, asked, 503)
    const scenario = recovered === true && wanted.fault ? scenarios["auto"] ?? wanted : wanted
    const selection = withDefaults(asked, scenario.defaults)
    const context = { provider, answer: entry.n, selection, model: entry.model, stream: facts?.stream ?? false }
    if (scenario.reply !== undefined) return playReply(scenario.reply, context)
    if (facts === undefined) return plainAnswer(provider, incoming, entry, operation)
    // A recovered fault must not be damaged by the byte-level parameters that belonged to it
    const actions = playScript(provider, entry, facts, selection, scenario)
    return recovered === true && wanted.fault ? actions : reshape(actions, selection, scenario.connectionFault(selection))
  }

  const receive = (incoming: Incoming, now: number): Exchange => {
    const parsed = parseJson(incoming.body)
    const body = parsed === notJson ? incoming.body : parsed
    const route = findRoute(incoming)
    const model = route?.provider.model(incoming, body) ?? ""
    const selection = select(incoming.headers["x-sim"], model)
    const entry: LogEntry = {
      n: ++count,
      method: incoming.method,
      path: incoming.path,
      query: incoming.query,
      headers: incoming.headers,
      body,
      provider: route?.provider.id ?? "",
      model,
      scenario: selection.scenario,
      startedAt: now,
      eventsSent: 0,
      bytesSent: 0
    }
    log.add(entry)
    return { entry, actions: route === undefined ? routeless(incoming) : answer(route, incoming, entry, selection) }
  }
  return { log, receive }
}
