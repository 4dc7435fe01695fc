/** How a provider is reached: through a proxy, with certificates of its own, in a private network. What it says is read from its files here. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as HttpExecutor from "@sluice/gateway/HttpExecutor"
import * as UndiciClient from "@sluice/gateway/UndiciClient"
import * as UpstreamLog from "@sluice/gateway/UpstreamLog"
import { present } from "@sluice/protocol/Json"
import { Effect, FileSystem, Layer, Redacted, Schema } from "effect"
import type { Config, Provider } from "./Config.ts"
import { fileProblem } from "./FileProblem.ts"

/** A file of certificates cannot be read. */
export class CertificateFileError extends Schema.TaggedError<CertificateFileError>()("CertificateFileError", {
  provider: Schema.String,
  setting: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `providers[id=${this.provider}].tls.${this.setting} cannot be read: ${this.reason}`
  }
}

const certificates = Effect.fnUntraced(function*({ id, tls }: Provider) {
  const files = yield* FileSystem.FileSystem
  const read = (setting: "ca" | "cert" | "key") => {
    const file = tls?.[setting]
    return file === undefined
      ? Effect.undefined
      : Effect.mapError(files.readFileString(file), (error) => new CertificateFileError({ provider: id, setting, reason: fileProblem(error) }))
  }
  const key = yield* read("key")
  return present({ ca: yield* read("ca"), cert: yield* read("cert"), key: key === undefined ? undefined : Redacted.make(key) })
})

/** Shared by the providers that say nothing of how they are reached. */
const shared = UndiciClient.layer()
const sharedAndLogged = UpstreamLog.layer.pipe(Layer.provide(shared))

/** The way to the provider and to what belongs to it; with the log, each request is a line of it. */
export const client = Effect.fnUntraced(function*(provider: Provider, isLogged: boolean) {
  const { private: isPrivate, proxy, tls } = provider
  if (!isPrivate && proxy === undefined && tls === undefined) return isLogged ? sharedAndLogged : shared
  const own = UndiciClient.layer(present({ egress: { private: isPrivate }, proxy, tls: tls === undefined ? undefined : yield* certificates(provider) }))
  return isLogged ? UpstreamLog.layer.pipe(Layer.provide(own)) : own
})

/** The provider's executor, over a client of its own where it says how it is reached. With the log, each request is a line of it. */
export const executor = (provider: Provider, { log: { level } }: Config, options: Omit<HttpExecutor.Options, "client">) =>
  HttpExecutor.layerNoDeps(options).pipe(
    Layer.provide(Layer.unwrap(client(provider, level === "debug" || level === "trace"))),
    Layer.provide(NodeFileSystem.layer)
  )
