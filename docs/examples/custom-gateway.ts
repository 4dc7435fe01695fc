import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { AnthropicMessages } from "@sluice/anthropic"
import { ApiKeys, HttpExecutor, HttpGateway } from "@sluice/gateway"
import { SqliteLedger } from "@sluice/ledger"
import { OpenAiChat } from "@sluice/openai"
import { Config, Layer } from "effect"
import { createServer } from "node:http"

const port = Config.Port("PORT").pipe(Config.withDefault(8787))
const baseUrl = Config.String("ANTHROPIC_BASE_URL").pipe(Config.withDefault(AnthropicMessages.dialect.baseUrl))

const parts = HttpExecutor.layer({ id: "anthropic", dialect: AnthropicMessages.dialect, baseUrl, credentials: Config.Redacted("ANTHROPIC_API_KEY") })

const Gateway = HttpGateway.serve(parts, { dialects: [OpenAiChat.dialect, AnthropicMessages.dialect] }).pipe(
  Layer.provide(NodeHttpServer.layerConfig(createServer, { port })),
  Layer.provide([SqliteLedger.layer({ filename: "sluice.db" }), ApiKeys.layer(["sk-local"])])
)

NodeRuntime.runMain(Layer.launch(Gateway))
