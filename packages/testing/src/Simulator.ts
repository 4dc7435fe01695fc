/**
 * The scripted provider simulator: a fake upstream that speaks OpenAI chat completions and responses, Anthropic
 * messages and Gemini, and misbehaves on request. Use `Simulator.layer` in a process with a test clock,
 * `Simulator.layerServer` where sockets matter. It shares no code with the dialects it attacks. The scenarios are listed
 * in simulator/Scenarios.ts.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { makeEngine } from "./simulator/Engine.ts"
import { respond, type SimulatedReset, type SimulatedResponse } from "./simulator/InProcess.ts"
import type { Incoming } from "./simulator/Provider.ts"
import type { LogEntry } from "./simulator/RequestLog.ts"
import { type RunningServer, type ServerOptions, type SimulatorListenError, startServer } from "./simulator/Server.ts"

export { SimulatedReset, type SimulatedResponse } from "./simulator/InProcess.ts"
export type { Incoming } from "./simulator/Provider.ts"
export type { Ending, LogEntry } from "./simulator/RequestLog.ts"
export { type ServerOptions, SimulatorListenError } from "./simulator/Server.ts"
export type { UsageNumbers } from "./simulator/Usage.ts"

/** What both forms of the simulator tell about themselves: the requests so far, how many are open, and a way to forget the finished ones. */
export interface Observed {
  readonly log: Effect.Effect<ReadonlyArray<LogEntry>>
  readonly open: Effect.Effect<number>
  readonly clear: Effect.Effect<void>
}

const observed = (engine: RunningServer["engine"]): Observed => ({
  log: Effect.sync(() => engine.log.entries().map((entry) => ({ ...entry }))),
  open: Effect.sync(engine.log.open),
  clear: Effect.sync(engine.log.clear)
})

/** A simulator listening on a TCP port; `url` has no slash at its end. */
export class SimulatorServer extends Context.Service<SimulatorServer, Observed & { readonly url: string; readonly port: number }>()(
  "@sluice/testing/SimulatorServer"
) {}

/** The in-process simulator: a request in, a head and a stream of bytes out. Fails with SimulatedReset where a socket would break. */
export class Simulator extends Context.Service<
  Simulator,
  Observed & {
    readonly handle: (incoming: Incoming) => Effect.Effect<SimulatedResponse, SimulatedReset>
  }
>()("@sluice/testing/Simulator") {
  /** A fresh simulator in this process, waiting on Effect's Clock. */
  static readonly layer: Layer.Layer<Simulator> = Layer.sync(Simulator, () => {
    const engine = makeEngine()
    return Simulator.of({ ...observed(engine), handle: (incoming) => respond(engine, incoming) })
  })

  /** A fresh simulator on a socket, on a free port of 127.0.0.1 unless told. */
  static readonly layerServer = (options: ServerOptions = {}): Layer.Layer<SimulatorServer, SimulatorListenError> =>
    Layer.effect(
      SimulatorServer,
      Effect.map(startServer(options), ({ url, port, engine }) => SimulatorServer.of({ ...observed(engine), url, port }))
    )
}
