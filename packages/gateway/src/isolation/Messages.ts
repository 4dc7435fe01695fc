/** What passes between a gateway and the threads of its parts. What comes from a thread is checked by the schema before it is used. */
import * as Schema from "effect/Schema"

/** What a thread is started with. */
export interface IsolateData {
  /** The URL of the module. */
  readonly module: string
  /** The export that holds its hooks. */
  readonly exportName: string
}

/** A call of a hook, as plain data. */
export interface Ask {
  readonly id: number
  readonly hook: string
  readonly args: ReadonlyArray<unknown>
}

/** The thread is ready to be called, or the answer to a call. */
export const Told = Schema.Union([
  Schema.Struct({ _tag: Schema.Literal("Ready") }),
  Schema.Struct({ _tag: Schema.Literal("Gave"), id: Schema.Int, value: Schema.Unknown }),
  Schema.Struct({ _tag: Schema.Literal("Threw"), id: Schema.Int, message: Schema.String })
])

/** What a thread says. */
export type Told = typeof Told.Type
