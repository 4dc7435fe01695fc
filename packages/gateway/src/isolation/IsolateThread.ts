/**
 * The thread in which a module runs that nobody trusts to end, to behave or to be modest. Started by `Isolate`, never imported; it loads
 * the module and answers calls of its functions one by one as they end.
 */
import { parentPort, workerData } from "node:worker_threads"
import type { Ask, IsolateData, Told } from "./Messages.ts"

// The end that starts the thread and sends to it is ours; what comes back is checked there
const { exportName, module } = workerData as IsolateData

const hooksOf = import(module).then((loaded: { readonly [name: string]: unknown }) => {
  const hooks = loaded[exportName]
  if (typeof hooks !== "object" || hooks === null) throw new Error(`The module exports no object "${exportName}".`)
  return hooks as { readonly [hook: string]: unknown }
})
const tell = (told: Told): void => parentPort?.postMessage(told)

// What kept it from loading is said again by each call
void hooksOf.catch(() => {}).then(() => tell({ _tag: "Ready" }))

const textOf = (thrown: unknown): string => thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)

parentPort?.on("message", ({ args, hook, id }: Ask) => {
  void hooksOf
    .then((hooks) => {
      const call = hooks[hook]
      if (typeof call !== "function") throw new Error(`The module has no hook "${hook}".`)
      const given: unknown = Reflect.apply(call, hooks, args)
      return given
    })
    .then((value) => tell({ _tag: "Gave", id, value }))
    .catch((thrown: unknown) => tell({ _tag: "Threw", id, message: textOf(thrown).slice(0, 1000) }))
})
