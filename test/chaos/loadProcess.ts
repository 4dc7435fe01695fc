// A steady load as a process of its own: an open loop over connections that are kept, each answer read to its end and judged. Asked
// by Load.ts; started by the rig only.
import { Agent, request } from "node:http"
import { answer, monotonic } from "./Channel.ts"
import { percentile } from "./Experiment.ts"
import type { LoadCalls, Rate, Seen } from "./Load.ts"

interface Answered {
  readonly sentAt: number
  headAt: number
  endedAt: number
  readonly isStream: boolean
  provider: string
  fault: string | undefined
}

/** Milliseconds an answer may be silent. */
const patience = 30_000

/** Requests that run at the same time, at most: a machine that cannot keep the rate keeps a lower one, and says so. */
const most = 512

const agent = new Agent({ keepAlive: true, maxSockets: most })
const all: Array<Answered> = []
const running = new Set<Promise<void>>()
let timer: NodeJS.Timeout | undefined

/** What is wrong with an answer that came to its end. */
const faultOf = (status: number | undefined, provider: string, text: string, events: number | undefined): string | undefined => {
  if (status !== 200) return `status ${status}: ${text.slice(0, 200)}`
  const names = [...text.matchAll(/"content":"([^"]*)"/g)].map(([, name]) => name)
  if (names.some((name) => name !== provider)) return `an answer of ${provider} says ${[...new Set(names)].join(" and ")}`
  if (events === undefined) return names.length === 1 ? undefined : `no answer: ${text.slice(0, 200)}`
  if (!text.includes("data: [DONE]")) return `a stream of ${provider} has no end: …${text.slice(-200)}`
  return names.length === events + 1 ? undefined : `a stream of ${provider} has ${names.length} pieces, not ${events + 1}`
}

/** How a stream comes: most in moments, some in seconds. */
const shapes: ReadonlyArray<readonly [events: number, everyMs: number]> = [[5, 10], [10, 20], [20, 50], [40, 75]]

const send = (url: string, shape: readonly [events: number, everyMs: number] | undefined): Promise<void> =>
  new Promise((resolve) => {
    const entry: Answered = { sentAt: monotonic(), headAt: 0, endedAt: 0, isStream: shape !== undefined, provider: "", fault: undefined }
    all.push(entry)
    const end = (fault: string | undefined): void => {
      entry.endedAt = monotonic()
      entry.fault ??= fault
      resolve()
    }
    // The number finds the row of the request
    const model = `${shape === undefined ? "whole" : `stream-${shape[0]}x${shape[1]}`}-${all.length}`
    const body = JSON.stringify({ model, stream: shape !== undefined, messages: [{ role: "user", content: "Who are you?" }] })
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) }
    const sent = request(`${url}/v1/chat/completions`, { method: "POST", agent, headers }, (response) => {
      entry.headAt = monotonic()
      let text = ""
      response.setEncoding("latin1").on("data", (piece) => text += piece)
      response.on("error", (error) => end(`${model} was broken off: ${error.message}`))
      response.on("end", () => {
        entry.provider = String(response.headers["x-sluice-provider"])
        end(response.complete ? faultOf(response.statusCode, entry.provider, text, shape?.[0]) : `${model} was broken off`)
      })
    })
    let step = "without a connection"
    sent.on("socket", (socket) => {
      step = socket.connecting ? "connecting" : "on a connection that was kept"
      if (socket.connecting) socket.once("connect", () => void (step = "connected"))
    })
    sent.on("error", (error) => end(`${model} was not answered (${step}): ${error.message}`))
    sent.setTimeout(patience, () => sent.destroy(new Error("silent for too long")))
    sent.end(body)
  })

const start = ({ perSecond, streamsPercent, url }: Rate): void => {
  let before = monotonic()
  let due = 0
  let sent = 0
  timer = setInterval(() => {
    // What is missed is not made up for
    due = Math.min(due + (monotonic() - before) * perSecond / 1000, sent + perSecond / 10)
    before = monotonic()
    for (; sent < Math.floor(due) && running.size < most; sent++) {
      // The same mix in every hundred, spread over it
      const isStream = Math.floor((sent + 1) * streamsPercent / 100) > Math.floor(sent * streamsPercent / 100)
      const one = send(url, isStream ? shapes[sent % shapes.length] : undefined).finally(() => running.delete(one))
      running.add(one)
    }
  }, 2)
}

const stop = async (): Promise<void> => {
  clearInterval(timer)
  while (running.size > 0) await Promise.all(running)
  agent.destroy()
}

const judge: LoadCalls["judge"] = (served): Seen => {
  // While a change is under way either of two may be given; a request may have waited in between for its turn
  const spans = served.map(({ provider }, at) => ({ provider, from: served[at - 1]?.until ?? 0, until: served[at + 1]?.from ?? Infinity }))
  const astray = all.filter(({ fault, headAt, provider, sentAt }) =>
    fault === undefined && !spans.some((span) => span.provider === provider && span.from <= headAt && span.until >= sentAt)
  )
  const failed = all.filter(({ fault }) => fault !== undefined)
  const times = all.filter(({ isStream }) => !isStream).map(({ endedAt, sentAt }) => endedAt - sentAt)
  const [first, last] = [all[0]?.sentAt ?? 0, all.at(-1)?.sentAt ?? 0]
  return {
    requests: all.length,
    streams: all.filter(({ isStream }) => isStream).length,
    outlasting: all.filter(({ endedAt, isStream, sentAt }) => isStream && served.some(({ from }) => sentAt < from && from < endedAt)).length,
    failed: failed.length,
    astray: astray.length,
    faults: [...failed.map(({ fault }) => fault ?? ""), ...astray.map(({ provider }) => `answered by ${provider}, which was not served then`)].slice(0, 20),
    perSecond: last > first ? all.length / (last - first) * 1000 : 0,
    p99Ms: percentile(times, 0.99),
    longestMs: times.reduce((longest, time) => Math.max(longest, time), 0)
  }
}

const calls: LoadCalls = { start, stop, judge }
answer(calls)
