/** A gateway with a protocol, a provider, an authenticator and rules of its own, for clients of OpenAI's protocol too. */
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Authenticator, HttpGateway, LedgerMemory } from "@sluice/gateway"
import { OpenAiChat } from "@sluice/openai"
import { Config, Layer } from "effect"
import { createServer } from "node:http"
import * as Ask from "./Ask.ts"
import { badges, byVoice, meter, parrot, politeness } from "./parts.ts"

const Gateway = HttpGateway.serve(Layer.mergeAll(parrot, byVoice, politeness, meter), { dialects: [Ask.dialect, OpenAiChat.dialect] }).pipe(
  Layer.provide(NodeHttpServer.layerConfig(createServer, { port: Config.Port("PORT").pipe(Config.withDefault(8787)) })),
  Layer.provide([LedgerMemory.layer, Authenticator.chain(badges)])
)

NodeRuntime.runMain(Layer.launch(Gateway))
