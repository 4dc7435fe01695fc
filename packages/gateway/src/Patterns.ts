/**
 * What to look for in texts: some of the built-in patterns, and patterns of one's own. Every search takes time linear in the text:
 * patterns of one's own are written as regular expressions without looking around or referring back, and are matched in one pass.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as BuiltIn from "./patterns/BuiltIn.ts"
import * as Linear from "./patterns/Linear.ts"
import { merged, type Span } from "./patterns/Span.ts"

/** What the built-in patterns find. `secret` is what stands behind names such as `password`, private keys and long random runs. */
export type Kind = BuiltIn.Kind

/** Every built-in pattern. */
export const kinds: ReadonlyArray<Kind> = BuiltIn.kinds

/** A pattern of one's own. */
export interface OwnPattern {
  /** Stands in masks and in messages: lower-case letters, digits and dashes. */
  readonly name: string
  /** A regular expression, without looking around (`(?=`) and referring back (`\1`). */
  readonly pattern: string
  /** Letters of either case count as the same; absent = they do not. */
  readonly ignoreCase?: boolean
}

/** What to look for. */
export interface Wanted {
  /** Absent = none of the built-in patterns. */
  readonly kinds?: ReadonlyArray<Kind>
  readonly own?: ReadonlyArray<OwnPattern>
}

/** Finds everything wanted in a text: places in order, apart from each other. */
export type Search = (text: string) => ReadonlyArray<Span>

/** A pattern of one's own that cannot be used. */
export class PatternError extends Schema.TaggedError<PatternError>()("PatternError", { name: Schema.String, reason: Schema.String }) {
  override get message(): string {
    return `The pattern "${this.name}" cannot be used: ${this.reason}.`
  }
}

const isName = (name: string): boolean => /^[a-z][a-z0-9-]{0,31}$/.test(name)

const compile = ({ ignoreCase = false, name, pattern }: OwnPattern): Result.Result<Linear.Find, PatternError> =>
  isName(name)
    ? Result.mapError(Linear.make({ pattern, label: name, ignoresCase: ignoreCase }), (reason) => new PatternError({ name, reason }))
    : Result.fail(new PatternError({ name, reason: "its name must be made of lower-case letters, digits and dashes, 32 at most" }))

/**
 * Makes one search of all that is wanted.
 *
 * @example
 * Patterns.make({ kinds: ["email", "card"], own: [{ name: "ticket", pattern: "TCK-\\d{6}" }] })
 */
export const make = ({ kinds: wanted = [], own = [] }: Wanted): Result.Result<Search, PatternError> =>
  Result.map(Result.all(own.map(compile)), (searches): Search =>
    searches.length === 0
      ? (text) => BuiltIn.find(text, wanted)
      : (text) => merged([...wanted.length === 0 ? [] : BuiltIn.find(text, wanted), ...searches.flatMap((search) => search(text))]))
