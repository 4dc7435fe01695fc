/** Reading the configuration again: on demand, and how the last attempt went, in every process of the server. */
import { Effect, Schema } from "effect"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { ConfigProblem } from "../config/ConfigError.ts"
import { Reload, type ReloadFailure, type Status } from "../reload/Reload.ts"
import { Report, SectionChange } from "../reload/Report.ts"
import { finished } from "./Group.ts"
import { Unprocessable } from "./Problems.ts"

const ReloadReport = Schema.Struct({
  ...Report.fields,
  changes: Schema.Array(SectionChange)
}).annotate({ identifier: "ReloadReport", description: "What changed, by names and never by values." })

/** How one reading went. */
export const ReloadOutcome = Schema.Union([
  Schema.Struct({ ok: Schema.tag(true), report: ReloadReport }),
  Schema.Struct({ ok: Schema.tag(false), step: Schema.Literals(["read", "check", "build"]), problems: Schema.Array(ConfigProblem) })
]).annotate({ identifier: "ReloadOutcome", description: "What is served now; where it is not ok, what was served before." })

/** A failure as plain data. */
export const failed = ({ problems, step }: ReloadFailure): typeof ReloadOutcome.Type => ({ ok: false, step, problems })

const ReloadStatus = Schema.Struct({
  file: Schema.optionalKey(Schema.String.annotate({ description: "Absent = the server was started without a file." })),
  version: Schema.optionalKey(Schema.String.annotate({ description: "The first digits of the SHA-256 of the text that is served." })),
  appliedAt: Schema.String,
  last: Schema.optionalKey(Schema.Struct({ at: Schema.String, trigger: Schema.Literals(["file", "signal", "admin"]), outcome: ReloadOutcome })),
  needRestart: Schema.Array(Schema.String).annotate({ description: "Settings that wait for the next start, by their paths." }),
  workers: Schema.optionalKey(
    Schema.Array(Schema.Struct({ worker: Schema.Int, generation: Schema.optionalKey(Schema.Int), failure: Schema.optionalKey(Schema.String) }))
  )
}).annotate({ identifier: "ReloadStatus" })

const iso = (time: number): string => new Date(time).toISOString()

const shown = ({ appliedAt, last, ...rest }: Status): typeof ReloadStatus.Type => ({
  ...rest,
  appliedAt: iso(appliedAt),
  ...(last === undefined
    ? {}
    : {
      last: {
        at: iso(last.at),
        trigger: last.trigger,
        outcome: last.outcome._tag === "Succeeded" ? { ok: true, report: last.outcome.report } : failed(last.outcome.failure)
      }
    })
})

/** The endpoints. */
export const group = finished(
  HttpApiGroup.make("reload").add(
    HttpApiEndpoint.get("getReload", "/reload", { success: ReloadStatus }).annotate(OpenApi.Summary, "Say how the last reading of the configuration went"),
    HttpApiEndpoint.post("reload", "/reload", { success: ReloadReport, error: [Unprocessable] }).annotate(OpenApi.Summary, "Read the configuration again")
  ),
  "Reload",
  "The server reads its configuration again while it serves; a configuration that cannot be used changes nothing."
)

/** The handlers. */
export const layer = HttpApiBuilder.group(
  HttpApi.make("admin").add(group),
  "reload",
  Effect.fnUntraced(function*(handlers) {
    const { reload, status } = yield* Reload
    return handlers.handleAll({
      getReload: Effect.fn("admin.getReload")(() => Effect.sync(() => shown(status()))),
      reload: Effect.fn("admin.reload")(() =>
        Effect.mapError(
          reload("admin"),
          ({ problems }) => new Unprocessable({ detail: "The configuration cannot be used; what was served before is served on.", problems })
        )
      )
    })
  })
)
