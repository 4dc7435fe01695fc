/** Who is admitted, as the configuration says; a start that would promise more than the system gives is refused. */
import * as Admission from "@sluice/gateway/Admission"
import * as OpenFiles from "@sluice/gateway/admission/OpenFiles"
import { Duration, Effect, Layer, Schema } from "effect"
import { type Config, toBytes } from "./Config.ts"

/** The system allows this process too few open files for the requests it is to run. */
export class TooFewFiles extends Schema.TaggedError<TooFewFiles>()("TooFewFiles", { streams: Schema.Int, limit: Schema.Int }) {
  override get message(): string {
    return `server.admission.streams: ${this.streams} requests at the same time need ${
      Math.ceil(this.streams / 0.45)
    } open files, but this process may have ${this.limit} (ulimit -n); raise that limit, or set at most ${Admission.defaultStreams(this.limit, this.streams)}`
  }
}

const settings = ({ server: { admission: { bytes, heap, loopDelay, loopDelayFor, reserved, streams, wait, waiting } } }: Config) => ({
  ...(streams === undefined ? {} : { streams }),
  bytes: toBytes(bytes),
  reserved: reserved / 100,
  loopDelayMs: Duration.toMillis(loopDelay),
  loopDelayForMs: Duration.toMillis(loopDelayFor),
  heap: heap / 100,
  waiting,
  waitMs: Duration.toMillis(wait)
})

/** The admission of this process. */
export const layer = (config: Config) =>
  Layer.unwrap(Effect.gen(function*() {
    const { streams = 0 } = config.server.admission
    const limit = yield* Effect.sync(OpenFiles.limit)
    if (streams > Admission.defaultStreams(limit, streams)) return yield* new TooFewFiles({ streams, limit })
    return Admission.layer(settings(config))
  }))
