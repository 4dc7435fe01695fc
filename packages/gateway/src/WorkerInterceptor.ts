/**
 * An interceptor whose module runs in a thread of its own: one that throws, hangs, ends or gives junk harms no exchange beyond what its
 * fail policy says, and takes no more memory than it is given. Stages of frames and chunks are called synchronously and cannot be there.
 * A thread keeps faults apart, not secrets: only run what may read the process' files.
 *
 * @example
 * WorkerInterceptor.layer({ id: "brief", module: new URL("./brief.js", import.meta.url), hooks: ["request"] })
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { GatewayPart } from "./GatewayPart.ts"
import { change, type Interceptor } from "./Interceptor.ts"
import * as Given from "./isolation/Given.ts"
import * as Isolate from "./isolation/Isolate.ts"
import { Interceptors } from "./Registries.ts"
import type { WorkerInterceptorModule } from "./WorkerModule.ts"

/** A module and what it may take. */
export interface WorkerOptions<Hook extends string> extends GatewayPart {
  readonly module: URL
  /** The hooks of the module that are called. */
  readonly hooks: ReadonlyArray<Hook>
  /** The largest heap of its thread, in mebibytes; absent = 128. */
  readonly memoryMb?: number
  /** Headers of the client that it is shown, beside what contexts hold; never those with credentials. */
  readonly headers?: ReadonlyArray<string>
}

/** How long a call in a thread may take where nothing is said. */
const defaultTimeout = Duration.seconds(5)

/** What is waited for beyond a call's own time, which it may have twice: a thread is given 10 seconds to load its module. */
const grace = Duration.seconds(11)

/** How a part in a thread is called and registered: the thread's time first, then the part's. */
export const isolated = (exportName: "interceptor" | "extension", options: WorkerOptions<string>) => {
  const timeout = options.timeout === undefined ? defaultTimeout : Duration.fromInputUnsafe(options.timeout)
  const { failPolicy, fuseAfter, id, phase, priority } = options
  const part: GatewayPart = {
    id,
    timeout: Duration.sum(Duration.times(timeout, 2), grace),
    ...(phase === undefined ? {} : { phase }),
    ...(priority === undefined ? {} : { priority }),
    ...(failPolicy === undefined ? {} : { failPolicy }),
    ...(fuseAfter === undefined ? {} : { fuseAfter })
  }
  const made = Isolate.make({ module: options.module.href, exportName, timeoutMs: Duration.toMillis(timeout), memoryMb: options.memoryMb ?? 128 })
  return Effect.map(made, (isolate) => ({ isolate, part }))
}

/** Hands an interceptor of a module to the gateway; its thread ends with the layer. */
export const layer = (options: WorkerOptions<keyof WorkerInterceptorModule & string>): Layer.Layer<never, never, Interceptors> =>
  Layer.effectDiscard(Effect.gen(function*() {
    const registry = yield* Interceptors
    const { isolate, part } = yield* isolated("interceptor", options)
    const { headers = [] } = options
    const hooks: { readonly [H in keyof WorkerInterceptorModule]-?: Pick<Interceptor, H> } = {
      request: {
        request: (request, context) =>
          Effect.flatMap(isolate.call("request", Given.plain(request), Given.contextOf(context, headers)), (given) => Given.read("request", given)).pipe(
            Effect.map((given) => given.request ?? request)
          )
      },
      attempt: {
        attempt: (request, context) =>
          Effect.flatMap(isolate.call("attempt", Given.plain(request), Given.attemptContextOf(context, headers)), (given) => Given.read("attempt", given)).pipe(
            Effect.map(change)
          )
      },
      response: {
        response: ({ body, failure, headers: sent, status }, context) => {
          const reply = { status, headers: sent, body: new TextDecoder().decode(body), ...(failure === undefined ? {} : { failure: failure.class }) }
          return Effect.flatMap(isolate.call("response", reply, Given.contextOf(context, headers)), (given) => Given.read("response", given))
        }
      }
    }
    yield* registry.register(Object.assign({}, part, ...options.hooks.map((hook) => hooks[hook])))
  }))
