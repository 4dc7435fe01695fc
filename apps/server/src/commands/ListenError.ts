/** Why a command cannot listen where it was told to, in words that say what to do. Made from what Node says of a failed `listen`. */
import { Schema } from "effect"

/** The address cannot be listened on. */
export class ListenError extends Schema.TaggedError<ListenError>()("ListenError", { host: Schema.String, port: Schema.Int, reason: Schema.String }) {
  override get message(): string {
    return `cannot listen on ${this.host} port ${this.port}: ${this.reason}`
  }
}

const advice = (setting: string): ReadonlyArray<readonly [code: string, reason: string]> => [
  ["EADDRINUSE", `another process uses it; choose another with ${setting} (0 takes a free one)`],
  ["EACCES", `this user may not; choose a port above 1023 with ${setting}`],
  ["EADDRNOTAVAIL", "the address is not one of this machine's"],
  ["ENOTFOUND", "the host name is not known"]
]

/** The error for a failed attempt; `cause` is what Node gave, or an error that repeats its words. `setting` is where the port is chosen. */
export const listenError = (at: { readonly host: string; readonly port: number }, cause: unknown, setting = "--port"): ListenError => {
  const said = cause instanceof Error ? cause.message : String(cause)
  return new ListenError({ ...at, reason: advice(setting).find(([code]) => said.includes(code))?.[1] ?? said })
}
