/**
 * The form of the catalogue: amounts as decimal texts, as they are published and reviewed, limits as whole numbers. What the source
 * does not say is absent.
 */

/** US dollars by class: for a million tokens, and for one request. */
export interface RatesData {
  readonly input?: string
  readonly cacheRead?: string
  readonly cacheWrite5m?: string
  readonly cacheWrite1h?: string
  readonly output?: string
  readonly reasoning?: string
  readonly audioIn?: string
  readonly audioOut?: string
  readonly toolPrompt?: string
  readonly request?: string
}

/** Rates, with other ones for requests whose prompts are longer than so many tokens, shortest first. */
export interface PriceData {
  readonly rates: RatesData
  readonly tiers?: ReadonlyArray<{ readonly above: number; readonly rates: RatesData }>
}

/** A price from a day on, or between two times of every day (UTC, `HH:MM`); the last one that holds is the price. */
export interface DatedPriceData extends PriceData {
  readonly from?: string
  readonly daily?: readonly [from: string, until: string]
}

/** A model of a sheet and the names it goes by: a regular expression for lower-case names. */
export interface ModelData {
  readonly id: string
  readonly match: string
  /** Its name for people. */
  readonly name?: string
  /** What it is for, in the words of the source. */
  readonly description?: string
  /** Tokens of its context; absent = not known. */
  readonly context?: number
  /** The source says that it should not be used any more; absent = it does not say so. */
  readonly deprecated?: boolean
  readonly prices: ReadonlyArray<DatedPriceData>
}

/** The prices of one provider. */
export interface SheetData {
  readonly id: string
  /** A regular expression for the beginning of the provider's addresses. */
  readonly address: string
  /** A regular expression for names it is known by; absent = its id only. */
  readonly names?: string
  /** Sheets that are asked for what this one has not. */
  readonly fallbacks?: ReadonlyArray<string>
  /** It passes the prices of others on, whose names stand before those of their models: what it has not is asked of their sheets. */
  readonly isReseller?: boolean
  readonly models: ReadonlyArray<ModelData>
}
