/** What an operator sees of refreshes: how they ended, by provider. Which credential it was is in the status. */
import type * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"

const refreshes = Metric.counter("sluice_credential_refreshes_total", {
  description:
    "Refreshes of logins by provider and result: refreshed, taken (somebody else's), failed (tried again), over (somebody has to log in); and keys that could not be read",
  incremental: true
})

/** How one ended. */
export type RefreshResult = "refreshed" | "taken" | "failed" | "over"

/** Counts one. */
export const ended = (provider: string, result: RefreshResult): Effect.Effect<void> => Metric.update(Metric.withAttributes(refreshes, { provider, result }), 1)
