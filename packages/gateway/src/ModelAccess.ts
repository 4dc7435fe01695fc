/** Whether a principal may use a model: its list of names and globs, where `*` matches any text. */
import * as Glob from "./internal/modelGlob.ts"
import type { Principal } from "./Principal.ts"

/** A principal without a list may use every model. */
export const isAllowed = (principal: Principal, model: string): boolean =>
  principal.models === undefined || principal.models.some((pattern) => {
    const glob = Glob.compile(pattern)
    return glob === undefined ? pattern === model : Glob.match(glob, model) !== undefined
  })
