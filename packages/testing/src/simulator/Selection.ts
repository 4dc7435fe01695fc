/**
 * Which scenario a request asks for: the header `x-sim`, else a model name that ends in `sim-<scenario>`, else
 * `auto`. Parameters follow after `;`, as in `sim-reset;after=3;delay=5`. Pure text reading; the scenarios and their
 * defaults are in Scenarios.ts.
 *
 * Every scenario knows: `head`, `first`, `delay` (milliseconds before the head, before the first event, between
 * content events), `chunk` (events per network write), `split` (bytes per network write, cutting characters too),
 * `drip` (milliseconds between those), `gzip=1`, `type` (another content type), `fail` (only the first n requests of
 * this exact selection fail), `ids=1` (calls have ids where the protocol leaves that open, as Gemini does), `tag` (no
 * meaning; makes a selection unique). Faults know `after` (content events before the fault), `started=1` (with
 * `after=0`: let the start pass), `at` (bytes of body before it) and `linger` (milliseconds a reader is given to take
 * what was sent before a reset). The rest belongs to single scenarios.
 */

/** A chosen scenario with its parameters; `key` is the exact text it was chosen by, the unit of the `fail=n` counters. */
export interface Selection {
  readonly scenario: string
  readonly key: string
  readonly parameters: ReadonlyMap<string, string>
}

const modelPattern = /(?:^|\/)sim-([^/;]*(?:;.*)?)$/

const parse = (text: string, key: string): Selection => {
  const [scenario = "", ...pairs] = text.split(";").map((part) => part.trim())
  const parameters = pairs.filter((pair) => pair !== "").map((pair): readonly [string, string] => {
    const at = pair.indexOf("=")
    return at < 0 ? [pair, "1"] : [pair.slice(0, at), pair.slice(at + 1)]
  })
  return { scenario, key, parameters: new Map(parameters) }
}

/** The scenario a header value or a model name selects; the header wins, and anything unknown to the pattern is `auto`. */
export const select = (header: string | undefined, model: string): Selection => {
  if (header !== undefined) return parse(header.replace(/^sim-/, ""), header)
  const match = modelPattern.exec(model)
  return match?.[1] === undefined ? { scenario: "auto", key: model, parameters: new Map() } : parse(match[1], model)
}

/** The selection with a scenario's defaults filled in where it says nothing itself. */
export const withDefaults = (selection: Selection, defaults: Readonly<Record<string, string | number>>): Selection => {
  const filled = Object.entries(defaults).map(([name, value]): readonly [string, string] => [name, String(value)])
  return { ...selection, parameters: new Map([...filled, ...selection.parameters]) }
}

/** A numeric parameter, or the default where it is absent or no number. */
export const numberParameter = (selection: Selection, name: string, otherwise: number): number => {
  const text = selection.parameters.get(name)
  const value = text === undefined || text === "" ? Number.NaN : Number(text)
  return Number.isFinite(value) ? value : otherwise
}

/** Whether a switch such as `redacted=1` is on: present and not `0`. */
export const isSet = (selection: Selection, name: string): boolean => {
  const text = selection.parameters.get(name)
  return text !== undefined && text !== "0"
}
