/**
 * What replaces a gateway's parts must be whole as the first parts are, and may ask for nothing that is not around every generation: a
 * replacement is made long after the gateway was composed, where nobody is left to give it anything.
 */
import type { Authenticator } from "@sluice/gateway/Authenticator"
import * as Generations from "@sluice/gateway/Generations"
import * as HttpExecutor from "@sluice/gateway/HttpExecutor"
import type { KeyStore } from "@sluice/gateway/KeyStore"
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Layer from "effect/Layer"
import { describe, expect, it } from "tstyche"

declare const dialect: Dialect
declare const generations: Generations.Generations["Service"]
declare const authenticator: Layer.Layer<Authenticator>
declare const stored: Layer.Layer<Authenticator, never, KeyStore>

const executor = HttpExecutor.layer({ id: "openai", dialect, credentials: "none" })

describe("a replacement", () => {
  it("takes an executor, with or without an authenticator of its own", () => {
    expect(generations.replace).type.toBeCallableWith(executor)
    expect(generations.replace).type.toBeCallableWith(Layer.merge(executor, authenticator))
  })

  it("does not compile without an executor", () => {
    // @ts-expect-error ExecutorInstalled
    generations.replace(authenticator)
  })

  it("does not compile with parts that want something", () => {
    // @ts-expect-error KeyStore
    generations.replace(Layer.merge(executor, stored))
  })
})

describe("a first generation that brings its authenticator", () => {
  it("wants none around it", () => {
    const layer = Generations.layerWithAuthenticator(Layer.merge(executor, authenticator), { dialects: [dialect] })
    expect<Authenticator>().type.not.toBeAssignableTo<Layer.Services<typeof layer>>()
  })

  it("does not compile where the parts have none", () => {
    // @ts-expect-error Authenticator
    Generations.layerWithAuthenticator(executor, { dialects: [dialect] })
  })
})
