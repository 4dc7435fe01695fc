/**
 * One try at one target: open it, wait for the answer to begin, and hand over an answer that may be committed. Whatever goes
 * wrong before that is a failure the plan may answer with another try; the attempt's scope owns the connection.
 */
import type { Frame } from "@sluice/protocol/CanonicalEvent"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import { type AnswerContext } from "@sluice/protocol/Dialect"
import * as Framing from "@sluice/protocol/Framing"
import { fail, type Failure, type GatewayError } from "@sluice/protocol/GatewayError"
import type * as Loss from "@sluice/protocol/Loss"
import * as Sse from "@sluice/protocol/Sse"
import type { Json as JsonValue } from "@sluice/protocol/Wire"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { Answer } from "./Answer.ts"
import * as AnswerStream from "./AnswerStream.ts"
import * as AttemptReply from "./AttemptReply.ts"
import { contextOf, endOnce } from "./Exchange.ts"
import * as Inbound from "./Inbound.ts"
import { beginsAsJson } from "./internal/plainBody.ts"
import * as Lane from "./Lane.ts"
import * as OfferedTools from "./OfferedTools.ts"
import type { RecordedAnswer } from "./RecordedAnswer.ts"
import * as Sealed from "./Sealed.ts"
import * as ShownModel from "./ShownModel.ts"
import * as FrameRun from "./stages/FrameRun.ts"
import * as Normalizing from "./stages/Normalizing.ts"
import * as StreamTap from "./StreamTap.ts"
import type { UpstreamReply } from "./UpstreamClient.ts"

type AttemptPlan = AttemptReply.AttemptPlan<CanonicalRequest>

const encoder = new TextEncoder()

const toFailure = (frames: ReadonlyArray<Frame>): Failure | undefined => {
  for (const { events } of frames) for (const event of events) if (event.type === "error") return event.failure
  return undefined
}

/** Starts the stages of all interceptors that want frames; each is ended with the attempt at the latest. */
const startStages = (plan: AttemptPlan): Effect.Effect<FrameRun.FrameRun | undefined, GatewayError, Scope.Scope> => {
  const { exchange, gateway } = plan
  const { events } = gateway.hooks
  const { shownModel } = exchange
  if (events.length === 0 && shownModel === undefined) return Effect.succeed(undefined)
  const context = AttemptReply.attemptContext(plan)
  return Effect.acquireRelease(
    Effect.suspend(() =>
      Effect.fromResult(
        FrameRun.start({ gateway, exchange, step: "interceptor" }, events, context, shownModel === undefined ? undefined : ShownModel.stage(shownModel))
      )
    ),
    (run) => Effect.sync(() => run.end("interrupted"))
  )
}

/** The answer ends here, whoever else has something to say of it. */
const refuse = ({ exchange }: AttemptPlan, { by, failure }: FrameRun.Stopped): GatewayError => {
  exchange.step = by
  endOnce(exchange, { _tag: "Refused", by, failure })
  return fail(failure)
}

/** Shows what the client is told to those who observe it or keep it; absent where there is nobody. */
const watching = ({ exchange, gateway }: AttemptPlan): Watch | undefined => {
  const { recording } = exchange
  const { observers } = gateway
  recording?.restart()
  if (recording === undefined && observers === undefined) return undefined
  const context = contextOf(exchange)
  return (frame, form = "stream") => {
    observers?.offer(frame.events, context)
    recording?.add(frame, form)
  }
}

const answerContext = ({ exchange, inbound }: AttemptPlan, sink: Loss.LossSink): AnswerContext => ({
  get request() {
    return Inbound.decoded(inbound)
  },
  id: exchange.id,
  created: Math.floor(exchange.startedAt / 1000),
  ...(exchange.shownModel === undefined ? {} : { shownModel: exchange.shownModel }),
  sink
})

type Watch = (frame: Frame, form?: RecordedAnswer["form"]) => void

/** Who is shown what the client is told. */
interface Told {
  readonly learn: Sealed.Learn
  readonly stages: FrameRun.FrameRun | undefined
  readonly watch: Watch | undefined
}

/** Opens the attempt and waits until its answer may be committed. */
export const run = Effect.fnUntraced(function*(plan: AttemptPlan): Effect.fn.Return<Answer, GatewayError, Scope.Scope> {
  const { exchange, executor, gateway, inbound, outbound } = plan
  const { responseLosses, tap } = AttemptReply.begin(plan)
  const reply = yield* AttemptReply.open(plan)
  const learn = Sealed.learner(gateway, exchange, executor, outbound.crossed)
  const stages = yield* startStages(plan)
  const told = { learn, stages, watch: watching(plan) }
  const lane = (outbound.lane === "bytes" ? Lane.bytes : Lane.typed)({
    upstream: executor.dialect,
    client: exchange.inbound,
    tap,
    context: answerContext(plan, responseLosses),
    ...told,
    normalizing: Normalizing.events(gateway, exchange, () => AttemptReply.attemptContext(plan)),
    onStopped: (stopped) => void refuse(plan, stopped),
    isSplit: gateway.hooks.chunks.length > 0,
    tools: outbound.tools,
    frames: Framing.writer(exchange.framing),
    hideUsage: outbound.hideUsage
  })
  if (inbound.stream && AttemptReply.isEventStream(reply)) return yield* begin(plan, reply, lane, tap, responseLosses, told)
  const bytes = yield* AttemptReply.readBody(plan, reply)
  if (AttemptReply.isEventStream(reply) && beginsAsJson(bytes) !== true) return yield* fold(plan, reply, bytes, tap, responseLosses, told)
  return yield* whole(plan, reply, bytes, lane, tap, responseLosses, told)
})

/** A stream: pumped until something may be committed. What was encoded so far waits in the lane. */
const begin = (
  plan: AttemptPlan,
  reply: UpstreamReply,
  lane: Lane.Lane,
  tap: StreamTap.StreamTap,
  sink: Loss.LossSink,
  told: Told
): Effect.Effect<Answer, GatewayError> => {
  const { gateway, marks } = plan
  const stream = AnswerStream.make({ source: reply.body, lane, tap, startedAt: gateway.now() })
  const peek: Effect.Effect<Answer, GatewayError> = Effect.suspend(() => {
    stream.pump(gateway.now())
    marks.lastByteAt = gateway.wheel.now()
    const plain = stream.plainBody()
    if (plain !== undefined) return whole(plan, reply, plain, lane, tap, sink, told)
    const { ending } = plan.exchange
    if (ending?._tag === "Refused") return fail(ending.failure)
    const facts = stream.facts()
    if (facts.failure !== undefined && !facts.hadContent && StreamTap.mainFinish(facts) === undefined) return fail(facts.failure)
    if (facts.commits) return Effect.succeed({ _tag: "Streamed", reply, stream })
    return Effect.flatMap(reply.body.await, () => peek)
  })
  return peek
}

/** A buffered body. In answer to a stream request it is unfolded into one. */
const whole = (
  plan: AttemptPlan,
  reply: UpstreamReply,
  bytes: Uint8Array,
  lane: Lane.Lane,
  tap: StreamTap.StreamTap,
  sink: Loss.LossSink,
  told: Told
): Effect.Effect<Answer, GatewayError> => {
  const { executor, gateway, inbound } = plan
  const now = gateway.now()
  const parsed = AttemptReply.parse(reply, bytes)
  if (Result.isFailure(parsed)) return fail(parsed.failure)
  const normal = Normalizing.whole(gateway, plan.exchange, () => AttemptReply.attemptContext(plan), parsed.success)
  if (Result.isFailure(normal)) return refuse(plan, { by: plan.exchange.step ?? "normalizer", failure: normal.failure.failure })
  const decoded = executor.dialect.response.decode(normal.success)
  const failure = toFailure([decoded])
  if (failure !== undefined) return fail(failure)
  if (inbound.stream) {
    lane.pushFrame(decoded, now)
    const stopped = told.stages?.stopped()
    if (stopped !== undefined) return fail(stopped.failure)
    return Effect.succeed({ _tag: "Streamed", reply, stream: AnswerStream.make({ source: reply.body, lane, tap, startedAt: now }) })
  }
  tap.observe(decoded.events, now)
  if (plan.outbound.lane === "bytes") told.watch?.(decoded, "whole")
  if (plan.outbound.lane === "bytes") {
    return Effect.succeed({ _tag: "Buffered", reply, body: normal.success === parsed.success ? bytes : encoder.encode(JSON.stringify(normal.success)) })
  }
  return encodeWhole(plan, reply, [decoded], "whole", sink, told)
}

/** A stream in answer to a buffered request, folded into one body. */
const fold = (
  plan: AttemptPlan,
  reply: UpstreamReply,
  bytes: Uint8Array,
  tap: StreamTap.StreamTap,
  sink: Loss.LossSink,
  told: Told
): Effect.Effect<Answer, GatewayError> => {
  const { executor, gateway } = plan
  const now = gateway.now()
  const frames: Array<Frame> = []
  const reader = executor.dialect.events.decoder.start()
  const normalizing = Normalizing.events(gateway, plan.exchange, () => AttemptReply.attemptContext(plan))
  for (const event of splitAll(bytes)) frames.push(...reader.step(normalizing?.step(event) ?? event))
  const stopped = normalizing?.stopped()
  if (stopped !== undefined) return refuse(plan, stopped)
  frames.push(...reader.end("eof"))
  const failure = toFailure(frames)
  if (failure !== undefined) return fail(failure)
  for (const { events } of frames) tap.observe(events, now)
  return encodeWhole(plan, reply, frames, "stream", sink, told)
}

const splitAll = (bytes: Uint8Array): ReadonlyArray<Sse.WireEvent> => {
  const splitter = Sse.splitter({ maxEventBytes: bytes.length + 1 })
  return [...splitter.push(bytes).events, ...splitter.end({ tolerant: true }).events]
}

const encodeWhole = (
  plan: AttemptPlan,
  reply: UpstreamReply,
  frames: ReadonlyArray<Frame>,
  form: RecordedAnswer["form"],
  sink: Loss.LossSink,
  { learn, stages, watch }: Told
): Effect.Effect<Answer, GatewayError> => {
  const give = OfferedTools.giveBack(plan.outbound.tools)
  let staged: ReadonlyArray<Frame> = frames.flatMap((one) => give(one) ?? [])
  if (stages !== undefined) {
    staged = staged.flatMap(stages.step)
    staged = [...staged, ...stages.end(stages.stopped() === undefined ? "end" : "error")]
    const stopped = stages.stopped()
    if (stopped !== undefined) return refuse(plan, stopped)
  }
  for (const frame of staged) {
    learn?.(frame)
    watch?.(frame, form)
  }
  const body: JsonValue = plan.exchange.inbound.response.encode(staged, answerContext(plan, sink))
  return Effect.succeed({ _tag: "Buffered", reply, body: encoder.encode(JSON.stringify(body)) })
}
