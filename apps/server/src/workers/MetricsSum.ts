/**
 * The metrics of several processes as one page in Prometheus' text format: counters and histograms are added up, those of processes
 * that are gone included; gauges say which worker they are of. Pure text in, pure text out.
 */

/** The page of one process. */
export interface Page {
  readonly worker: number
  readonly text: string
}

/** What is added up over processes, and stays when they are gone. */
export interface Sums {
  /** A family's `# HELP` and `# TYPE` lines, by name. */
  readonly heads: ReadonlyMap<string, ReadonlyArray<string>>
  /** Values by `name{labels}`, in families. */
  readonly values: ReadonlyMap<string, ReadonlyMap<string, number>>
}

/** Nothing yet. */
export const none: Sums = { heads: new Map(), values: new Map() }

interface Family {
  readonly name: string
  readonly kind: string
  readonly head: Array<string>
  /** `name{labels}` and value, in their order. */
  readonly samples: Array<readonly [sample: string, value: number]>
}

const parse = (text: string): ReadonlyArray<Family> => {
  const families = new Map<string, Family & { kind: string }>()
  let current: (Family & { kind: string }) | undefined
  for (const line of text.split("\n")) {
    if (line === "") continue
    const [, word, name = ""] = /^# (HELP|TYPE) (\S+)/.exec(line) ?? []
    if (word !== undefined) {
      current = families.get(name) ?? { name, kind: "untyped", head: [], samples: [] }
      families.set(name, current)
      current.head.push(line)
      if (word === "TYPE") current.kind = line.split(" ")[3] ?? "untyped"
      continue
    }
    const at = line.lastIndexOf(" ")
    current?.samples.push([line.slice(0, at), Number(line.slice(at + 1))])
  }
  return [...families.values()]
}

/** The lines of a page's families whose names begin so. */
export const families = (text: string, prefix: string): ReadonlyArray<string> =>
  parse(text).flatMap(({ head, name, samples }) => name.startsWith(prefix) ? [...head, ...samples.map(([sample, value]) => `${sample} ${value}`)] : [])

/** A process's own state is not added up. */
const isSummed = ({ kind }: Family): boolean => kind === "counter" || kind === "histogram"

const withWorker = (sample: string, worker: number): string => {
  const at = sample.indexOf("{")
  return at < 0 ? `${sample}{worker="${worker}"}` : `${sample.slice(0, at)}{worker="${worker}",${sample.slice(at + 1)}`
}

/** Adds what a page counts. */
export const add = (sums: Sums, text: string): Sums => {
  const heads = new Map(sums.heads)
  const values = new Map([...sums.values].map(([name, family]) => [name, new Map(family)]))
  for (const family of parse(text).filter(isSummed)) {
    if (!heads.has(family.name)) heads.set(family.name, family.head)
    const known = values.get(family.name) ?? new Map<string, number>()
    values.set(family.name, known)
    for (const [sample, value] of family.samples) known.set(sample, (known.get(sample) ?? 0) + value)
  }
  return { heads, values }
}

/** The page of all: what processes that are gone had counted, and the pages of those that live. */
export const page = (gone: Sums, pages: ReadonlyArray<Page>): string => {
  const sums = pages.reduce((all, { text }) => add(all, text), gone)
  const gauges = new Map<string, { readonly head: ReadonlyArray<string>; readonly lines: Array<string> }>()
  for (const { text, worker } of pages) {
    for (const family of parse(text).filter((each) => !isSummed(each))) {
      const known = gauges.get(family.name) ?? { head: family.head, lines: [] }
      gauges.set(family.name, known)
      for (const [sample, value] of family.samples) known.lines.push(`${withWorker(sample, worker)} ${value}`)
    }
  }
  const summed = [...sums.values].map(([name, samples]) => [...(sums.heads.get(name) ?? []), ...[...samples].map(([sample, value]) => `${sample} ${value}`)])
  const own = [...gauges.values()].map(({ head, lines }) => [...head, ...lines])
  return [...summed, ...own].map((lines) => `${lines.join("\n")}\n`).join("")
}
