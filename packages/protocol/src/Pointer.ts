/**
 * JSON Pointers (RFC 6901): how losses, violations and validation errors name a place in a body or in the canonical model.
 */

/** One step of a pointer: an object key or an array index. */
export type Step = string | number

const escape = (step: Step): string => String(step).replaceAll("~", "~0").replaceAll("/", "~1")
const unescape = (step: string): string => step.replaceAll("~1", "/").replaceAll("~0", "~")

/** Extends a pointer: `child("/messages", 0, "content")` is `/messages/0/content`. */
export const child = (pointer: string, ...steps: ReadonlyArray<Step>): string => steps.reduce<string>((path, step) => `${path}/${escape(step)}`, pointer)

/** The steps of a pointer: `steps("/a~1b/0")` is `["a/b", "0"]`; the empty pointer has none. */
export const steps = (pointer: string): ReadonlyArray<string> => pointer === "" ? [] : pointer.slice(1).split("/").map(unescape)

/** The pointer with array indexes replaced by `*`, under which response losses are counted. */
export const pattern = (pointer: string): string => pointer.replaceAll(/\/\d+(?=\/|$)/g, "/*")
