/**
 * The simulator without a transport: takes a request, writes its log entry and answers with the actions to perform.
 * Holds the only state there is, the counters and the log. Server.ts and InProcess.ts perform the actions.
 */
import type { Context } from "./Content.ts"
import { type Facts, isRefusal } from "./Facts.ts"
import { notJson, objectOf, parseJson } from "./Json.ts"
import { type Actions, buffered, failed, refused, scripted, streamed, whole } from "./Play.ts"
import type { Answer, Incoming, Provider } from "./Provider.ts"
import { findRoute, type Route } from "./Providers.ts"
import { type LogEntry, makeLog, type RequestLog } from "./RequestLog.ts"
import { type Scenario, scenarios } from "./Scenarios.ts"
import { numberParameter, select, type Selection } from "./Selection.ts"
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

const json = { "content-type": "application/json" }

const routeless = (incoming: Incoming): Actions =>
  whole(
    404,
    json,
    JSON.stringify({ error: { message: `Invalid URL (${incoming.method} ${incoming.path})`, type: "invalid_request_error", param: null, code: null } })
  )

const play = (route: Route, entry: LogEntry, facts: Facts, selection: Selection, scenario: Scenario): Actions => {
  const { provider } = route
  const context: Context = {
    facts,
    callId: (call) => provider.callId(entry.n, call),
    signature: provider.signature,
    redacted: provider.redacted,
    interleaves: provider.interleavesCalls
  }
  const answer: Answer = {
    number: entry.n,
    facts,
    usage: inputUsage(facts, selection.scenario === "cached"),
    habit: scenario.habit,
    logprobs: facts.logprobs || selection.scenario === "logprobs"
  }
  if (scenario.reply !== "script" && scenario.reply !== "wrong-mode") return scripted(provider, entry.n, selection, scenario.reply, facts.stream)
  const script = scenario.script(context, selection)
  const write = facts.stream === (scenario.reply === "script") ? streamed : buffered
  return write(provider, answer, selection, script, (usage) => {
    entry.usage = usage
  })
}

const auto = (selection: Selection): Selection => ({ scenario: "auto", key: selection.key, parameters: selection.parameters })

/** A fresh simulator with empty log and counters. */
export const makeEngine = (options: { readonly logLimit?: number } = {}): Engine => {
  const log = makeLog(options.logLimit)
  const failures = new Map<string, number>()
  let count = 0

  /** The scenario of this request, after the first `fail=n` requests of one selection; undefined means: fail this one plainly. */
  const settle = (selection: Selection, scenario: Scenario): readonly [Selection, Scenario] | undefined => {
    const wanted = numberParameter(selection, "fail", -1)
    if (wanted < 0) return [selection, scenario]
    const seen = failures.get(selection.key) ?? 0
    failures.set(selection.key, seen + 1)
    if (seen < wanted) return scenario.fault ? [selection, scenario] : undefined
    const autoScenario = scenarios["auto"]
    return scenario.fault && autoScenario !== undefined ? [auto(selection), autoScenario] : [selection, scenario]
  }

  const answerFor = (route: Route, incoming: Incoming, entry: LogEntry, selection: Selection): Actions => {
    const { provider, operation } = route
    const refusal = provider.authorize(incoming)
    if (refusal !== undefined) return refused(provider, entry.n, refusal)
    if (operation !== "models" && typeof entry.body === "string") {
      return refused(provider, entry.n, { status: 400, message: "The request body is not valid JSON." })
    }
    const scenario = scenarios[selection.scenario]
    if (scenario === undefined) {
      return refused(provider, entry.n, { status: 404, message: `The model \`${entry.model}\` does not exist or you do not have access to it.` })
    }
    const facts = operation === "generate" ? provider.read(incoming, entry.body) : undefined
    if (facts !== undefined && isRefusal(facts)) return refused(provider, entry.n, facts)
    const settled = settle(selection, scenario)
    if (settled === undefined) return failed(provider, entry.n, selection, 503)
    if (facts !== undefined) return play(route, entry, facts, ...settled)
    return settled[1].fault && settled[1].reply !== "script"
      ? scripted(provider, entry.n, settled[0], settled[1].reply, false)
      : plain(provider, incoming, entry, operation)
  }

  const plain = (provider: Provider, incoming: Incoming, entry: LogEntry, operation: string): Actions => {
    const answer = operation === "models" ? provider.models() : provider.count(incoming, entry.body)
    return typeof answer === "string" ? whole(200, { ...json, ...provider.answerHeaders(entry.n) }, answer) : refused(provider, entry.n, answer)
  }

  const receive = (incoming: Incoming, now: number): Exchange => {
    const parsed = incoming.body === "" ? notJson : parseJson(incoming.body)
    const body = parsed === notJson ? incoming.body : parsed
    const route = findRoute(incoming)
    const model = route?.provider.model(incoming, objectOf(body)) ?? ""
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
    return { entry, actions: route === undefined ? routeless(incoming) : answerFor(route, incoming, entry, selection) }
  }
  return { log, receive }
}
