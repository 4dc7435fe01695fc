/** Whether a principal may use a model: its list of names and globs, where `*` matches any text. */
import * as GlobIndex from "./internal/globIndex.ts"
import * as Glob from "./internal/modelGlob.ts"
import type { Principal } from "./Principal.ts"

type Access = (model: string) => boolean

const compile = (models: ReadonlyArray<string>): Access => {
  const exact = new Set(models)
  const globs = GlobIndex.make(models.flatMap((pattern) => {
    const glob = Glob.compile(pattern)
    return glob === undefined ? [] : [{ glob, value: true }]
  }))
  return (model) => exact.has(model) || globs(model) !== undefined
}

// A principal's list is the same object for as long as nothing about the key changes
const compiled = new WeakMap<ReadonlyArray<string>, Access>()

/** A principal without a list may use every model. What it costs does not grow with the list. */
export const isAllowed = ({ models }: Principal, model: string): boolean => {
  if (models === undefined) return true
  const known = compiled.get(models)
  if (known !== undefined) return known(model)
  const access = compile(models)
  compiled.set(models, access)
  return access(model)
}
