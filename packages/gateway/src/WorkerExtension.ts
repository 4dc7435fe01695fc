/**
 * An extension whose module runs in a thread of its own, as those of `WorkerInterceptor` do: it may admit, keep answers, observe and hear
 * of ends, and nothing it does wrong reaches an exchange but by its fail policy.
 *
 * @example
 * WorkerExtension.layer({ id: "audit", module: new URL("./audit.js", import.meta.url), hooks: ["finish"] })
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Extension } from "./Extension.ts"
import * as Given from "./isolation/Given.ts"
import * as RecordedAnswer from "./RecordedAnswer.ts"
import { Extensions } from "./Registries.ts"
import { isolated, type WorkerOptions } from "./WorkerInterceptor.ts"
import type { WorkerExtensionModule } from "./WorkerModule.ts"

/** Hands an extension of a module to the gateway; its thread ends with the layer. */
export const layer = (options: WorkerOptions<keyof WorkerExtensionModule & string>): Layer.Layer<never, never, Extensions> =>
  Layer.effectDiscard(Effect.gen(function*() {
    const registry = yield* Extensions
    const { isolate, part } = yield* isolated("extension", options)
    const { headers = [] } = options
    const hooks: { readonly [H in keyof WorkerExtensionModule]-?: Pick<Extension, H> } = {
      admit: {
        admit: (context) => Effect.asVoid(Effect.flatMap(isolate.call("admit", Given.contextOf(context, headers)), (given) => Given.read("admit", given)))
      },
      lookup: {
        lookup: (request, context) => Effect.flatMap(isolate.call("lookup", Given.plain(request), Given.contextOf(context, headers)), Given.recorded)
      },
      store: {
        store: (answer, request, context) =>
          Effect.asVoid(isolate.call("store", RecordedAnswer.toValue(answer), Given.plain(request), Given.contextOf(context, headers)))
      },
      observe: { observe: (event, context) => Effect.asVoid(isolate.call("observe", event, Given.contextOf(context, headers))) },
      onAttempt: { onAttempt: (attempt, context) => Effect.asVoid(isolate.call("onAttempt", attempt, Given.contextOf(context, headers))) },
      finish: { finish: (settlement, context) => Effect.asVoid(isolate.call("finish", settlement, Given.contextOf(context, headers))) }
    }
    yield* registry.register(Object.assign({}, part, ...options.hooks.map((hook) => hooks[hook])))
  }))
