/**
 * What reading the configuration again has changed: names of sections, ids and settings, never a value, since it may be a secret. It is
 * plain JSON: the admin API answers with it, the log shows it, and workers are told of it.
 */
import { Schema } from "effect"

/** What changed in one section. In a list, its entries by their ids; else the settings by their paths. */
export const SectionChange = Schema.Struct({
  section: Schema.String,
  added: Schema.Array(Schema.String),
  removed: Schema.Array(Schema.String),
  changed: Schema.Array(Schema.String)
})

/** The type of `SectionChange`. */
export type SectionChange = typeof SectionChange.Type

/** One reload that went well. */
export const Report = Schema.Struct({
  /** `applied`: other parts are served from now on. `unchanged`: nothing that is served would be different. */
  result: Schema.Literals(["applied", "unchanged"]),
  /** The generation that is served now. */
  generation: Schema.Int,
  /** What is served differently from now on. */
  changes: Schema.Array(SectionChange),
  /** Settings that differ from those the server was started with and wait for its next start, by their paths. */
  needRestart: Schema.Array(Schema.String)
})

/** The type of `Report`. */
export type Report = typeof Report.Type
