/**
 * Keeps one object for one principal: what limits a principal hangs on its object, so the same caller is the same object for as
 * long as nothing about it changes. Bounded; the one made longest ago is forgotten first.
 */
import type { Principal } from "../Principal.ts"

const textOf = (principal: Principal): string => JSON.stringify(principal, (_, value: unknown) => typeof value === "bigint" ? value.toString() : value)

/** A memory of at most so many principals: gives the object that was given before for a principal that says the same. */
export const make = (capacity: number): (principal: Principal) => Principal => {
  const known = new Map<string, { readonly text: string; readonly principal: Principal }>()
  return (principal) => {
    const text = textOf(principal)
    const before = known.get(principal.id)
    if (before?.text === text) return before.principal
    known.delete(principal.id)
    known.set(principal.id, { text, principal })
    const [oldest] = known.keys()
    if (known.size > capacity && oldest !== undefined) known.delete(oldest)
    return principal
  }
}
