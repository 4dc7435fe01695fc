/**
 * `sluice simulate`: the scripted provider alone, for trying out clients and gateways without a provider's key. Speaks the protocols
 * of real providers and misbehaves on request; keeps nothing.
 */
import { Simulator, SimulatorServer } from "@sluice/testing/Simulator"
import { scenarios } from "@sluice/testing/simulator/Scenarios"
import { Console, Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { columns } from "./Columns.ts"
import { listenError } from "./ListenError.ts"

const listed = columns(Object.entries(scenarios).map(([name, scenario]) => [`  sim-${name}`, scenario?.about ?? ""]))

const greeting = (url: string): string =>
  [
    `The simulated provider is listening on ${url}`,
    `  OpenAI chat completions   base URL ${url}/v1`,
    `  Anthropic messages        base URL ${url}`,
    "",
    "Any key is accepted. Any model name is answered; one of these, or the header x-sim, asks for a behaviour:",
    ...listed,
    "Parameters follow the name: sim-long;events=50;delay=20. Every scenario knows head, first and delay (milliseconds), chunk, split, fail and tag.",
    "The requests so far are at GET /__log."
  ].join("\n")

/** The command. */
export const command = Command.make(
  "simulate",
  {
    port: Flag.Int("port").pipe(Flag.withDescription("The port to listen on; 0 takes a free one. Default 8788"), Flag.withDefault(8788)),
    host: Flag.String("host").pipe(Flag.withDescription("The address to listen on. Default 127.0.0.1"), Flag.withDefault("127.0.0.1"))
  },
  ({ host, port }) =>
    Effect.flatMap(SimulatorServer, ({ url }) => Effect.andThen(Console.log(greeting(url)), Effect.never)).pipe(
      Effect.provide(Simulator.layerServer({ host, port })),
      Effect.catchTag("SimulatorListenError", (error) => Effect.fail(listenError({ host, port }, error)))
    )
).pipe(
  Command.withDescription("Run the scripted provider alone and print what it can do"),
  Command.withShortDescription("Run the scripted provider alone")
)
