/**
 * A gateway that lacks a piece does not compile, and the compiler names the piece. Checked where a program is launched, because
 * that is where somebody who composes a gateway sees it.
 */
import { NodeHttpServer } from "@effect/platform-node"
import * as ApiKeys from "@sluice/gateway/ApiKeys"
import * as HttpExecutor from "@sluice/gateway/HttpExecutor"
import * as HttpGateway from "@sluice/gateway/HttpGateway"
import * as LedgerMemory from "@sluice/gateway/LedgerMemory"
import * as Lifecycle from "@sluice/gateway/Lifecycle"
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { createServer } from "node:http"
import { describe, expect, it } from "tstyche"

declare const dialect: Dialect

const executor = HttpExecutor.layer({ id: "openai", dialect, credentials: "none" })
const gateway = HttpGateway.serve(executor, { dialects: [dialect] })
const server = NodeHttpServer.layer(createServer, { port: 8787 })
const keys = ApiKeys.layer(["sk-local"])

describe("a gateway", () => {
  it("compiles with a ledger, an authenticator, a lifecycle and a server", () => {
    const whole = gateway.pipe(Layer.provide([LedgerMemory.layer, keys, Lifecycle.layer, server]))
    expect(Effect.runFork).type.toBeCallableWith(Layer.launch(Layer.orDie(whole)))
  })

  it("does not compile without a ledger", () => {
    const wanting = gateway.pipe(Layer.provide([keys, Lifecycle.layer, server]))
    // @ts-expect-error Type 'Ledger' is not assignable to type 'never'
    Effect.runFork(Layer.launch(wanting))
  })

  it("does not compile without an authenticator", () => {
    const wanting = gateway.pipe(Layer.provide([LedgerMemory.layer, Lifecycle.layer, server]))
    // @ts-expect-error Type 'Authenticator' is not assignable to type 'never'
    Effect.runFork(Layer.launch(wanting))
  })

  it("does not compile without a server", () => {
    const wanting = gateway.pipe(Layer.provide([LedgerMemory.layer, keys, Lifecycle.layer]))
    // @ts-expect-error HttpServer
    Effect.runFork(Layer.launch(wanting))
  })

  it("does not compile without an executor", () => {
    // @ts-expect-error ExecutorInstalled
    HttpGateway.serve(Layer.empty, { dialects: [dialect] })
    // @ts-expect-error ExecutorInstalled
    HttpGateway.serve(LedgerMemory.layer, { dialects: [dialect] })
  })
})
