/**
 * The configuration: what is served, without its secrets; the text of the file, with marks in the place of secrets; and writing it, whole
 * or by single values. What would not start a server is not written, and a file that somebody else has changed is not overwritten.
 */
import { present } from "@sluice/protocol/Json"
import { Clock, Effect, Redacted, Result, Schema, Semaphore } from "effect"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { loadText } from "../Config.ts"
import { configError, ConfigProblem, type Problem, problem } from "../config/ConfigError.ts"
import * as ConfigFile from "../configFile/ConfigFile.ts"
import * as ConfigPatch from "../configFile/ConfigPatch.ts"
import * as ConfigText from "../configFile/ConfigText.ts"
import * as EffectiveConfig from "../configFile/EffectiveConfig.ts"
import { Configuration } from "../reload/Configuration.ts"
import { Reload } from "../reload/Reload.ts"
import { finished } from "./Group.ts"
import { Conflict, PreconditionFailed, PreconditionRequired, Unprocessable } from "./Problems.ts"
import { failed, ReloadOutcome } from "./Reloads.ts"

const Yaml = Schema.String.pipe(HttpApiSchema.asText({ contentType: "application/yaml" }))

const ifMatch = { "if-match": Schema.optionalKey(Schema.String.annotate({ description: "The `etag` of the text that is changed. Required." })) }

const WrittenConfig = Schema.Struct({
  file: Schema.String,
  etag: Schema.String,
  backup: Schema.String.annotate({ description: "The file that keeps the text before." }),
  reload: ReloadOutcome
}).annotate({ identifier: "WrittenConfig" })

/** The endpoints. */
export const group = finished(
  HttpApiGroup.make("config").add(
    HttpApiEndpoint.get("getConfig", "/config", {
      success: Schema.Struct({
        file: Schema.optionalKey(Schema.String.annotate({ description: "Absent = the server was started without a file." })),
        config: Schema.Record(Schema.String, Schema.Json)
      })
    }).annotate(OpenApi.Summary, "Read what is served, with its defaults"),
    HttpApiEndpoint.get("getConfigText", "/config/text", {
      success: HttpApiSchema.WithHeaders(Yaml, { etag: Schema.String }),
      error: [Conflict, Unprocessable]
    }).annotate(OpenApi.Summary, "Read the text of the file"),
    HttpApiEndpoint.put("putConfigText", "/config/text", {
      headers: ifMatch,
      payload: Yaml,
      success: WrittenConfig,
      error: [Conflict, PreconditionFailed, PreconditionRequired, Unprocessable]
    }).annotate(OpenApi.Summary, "Replace the text of the file, and serve it"),
    HttpApiEndpoint.patch("patchConfig", "/config", {
      headers: ifMatch,
      payload: Schema.Struct({ changes: Schema.NonEmptyArray(ConfigPatch.Change) }),
      success: WrittenConfig,
      error: [Conflict, PreconditionFailed, PreconditionRequired, Unprocessable]
    }).annotate(OpenApi.Summary, "Change single values of the file, and serve it"),
    HttpApiEndpoint.post("checkConfig", "/config/check", {
      payload: Yaml,
      success: Schema.Struct({ ok: Schema.Boolean, problems: Schema.Array(ConfigProblem) }),
      error: [Conflict]
    }).annotate(OpenApi.Summary, "Check a text without writing it")
  ),
  "Configuration",
  "What is served and the file it comes from. Secrets are never shown: in the text, `<secret N>` stands in the place of each one that is written out, and is put back when the text is written."
)

const withoutFile = () => new Conflict({ detail: "The server was started without a configuration file: start it with --config FILE." })

const unprocessable = (problems: ReadonlyArray<ConfigProblem>) =>
  new Unprocessable({ detail: "The configuration cannot be used; the file is as it was.", problems })

const told = (problems: ReadonlyArray<Problem>) => unprocessable(configError(problems).problems)

/** The handlers. */
export const layer = HttpApiBuilder.group(
  HttpApi.make("admin").add(group),
  "config",
  Effect.fnUntraced(function*(handlers) {
    const { current: config } = yield* Configuration
    const { reload, status } = yield* Reload
    const { file: path } = status()
    // Writers wait for each other here; those of other processes are told by the tag
    const writing = yield* Semaphore.make(1)
    const file = path === undefined ? Effect.fail(withoutFile()) : Effect.succeed(path)

    // Processes that serve the same configuration give the same tags
    const tagKey = () => config().auth.adminToken === undefined ? undefined : Redacted.value(config().auth.adminToken ?? Redacted.make(""))

    // A secret that was replaced may still stand in a comment
    const known = new Set<string>()
    const read = Effect.flatMap(file, (found) => Effect.mapError(ConfigFile.read(found, tagKey()), ({ message }) => new Conflict({ detail: message }))).pipe(
      Effect.tap(({ text }) =>
        Effect.sync(() => {
          for (const secret of ConfigText.secretsOf(text)) known.add(secret)
        })
      )
    )

    const write = Effect.fnUntraced(function*(
      headers: { readonly "if-match"?: string },
      change: (before: string) => Result.Result<string, ReadonlyArray<Problem>>
    ) {
      const found = yield* file
      const etag = headers["if-match"]
      if (etag === undefined) return yield* new PreconditionRequired({ detail: "Say which text is changed: send its etag as If-Match." })
      const before = yield* read
      const changed = () => new PreconditionFailed({ detail: "The file was changed since it was read: read it again, and change that." })
      if (before.etag !== etag) return yield* changed()
      const text = yield* Effect.mapError(Effect.fromResult(change(before.text)), told)
      if (!ConfigText.hasSamePlugins(before.text, text)) return yield* told([problem(["plugins"], "modules are code: they are changed in the file itself")])
      yield* Effect.mapError(loadText(found, text), ({ problems }) => unprocessable(problems))
      const now = yield* Clock.currentTimeMillis
      const written = yield* ConfigFile.write(found, { text, etag, now, key: tagKey() }).pipe(
        Effect.catchTags({
          ConfigFileChanged: changed,
          ConfigFileFailed: ({ message }) => new Conflict({ detail: message })
        })
      )
      const outcome = yield* Effect.match(reload("admin"), { onFailure: failed, onSuccess: (report) => ({ ok: true as const, report }) })
      return { file: found, etag: written.etag, backup: written.backup, reload: outcome }
    }, writing.withPermit)

    return handlers.handleAll({
      getConfig: Effect.fn("admin.getConfig")(() => Effect.sync(() => ({ ...present({ file: path }), config: EffectiveConfig.toData(config()) }))),
      getConfigText: Effect.fn("admin.getConfigText")(function*() {
        const { etag, text } = yield* read
        const body = yield* Effect.mapError(Effect.fromResult(ConfigText.masked(text, known)), (problems) =>
          new Unprocessable({
            detail: "The file is no YAML, so that its secrets cannot be told from the rest, and it is not shown.",
            problems: configError(problems).problems
          }))
        return HttpApiSchema.withHeaders({ body, headers: { etag } })
      }),
      putConfigText: Effect.fn("admin.putConfigText")(({ headers, payload }) => write(headers, (before) => ConfigText.restored(payload, before))),
      patchConfig: Effect.fn("admin.patchConfig")(({ headers, payload: { changes } }) => write(headers, (before) => ConfigPatch.apply(before, changes))),
      checkConfig: Effect.fn("admin.checkConfig")(function*({ payload }) {
        const found = yield* file
        const before = yield* read
        const text = ConfigText.restored(payload, before.text)
        const checked = yield* Effect.result(
          Result.isFailure(text) ? Effect.fail(configError(text.failure)) : loadText(found, text.success)
        )
        const problems = Result.isFailure(checked) ? checked.failure.problems : []
        return { ok: problems.length === 0, problems }
      })
    })
  })
)
