/** The `scheduling` section: how often an exchange may be tried, and what is remembered of conversations. */
import * as GatewayScheduling from "@sluice/gateway/Scheduling"
import { Duration, type Layer } from "effect"
import { defaulted, integer, positiveDuration, section } from "./Fields.ts"

/** The section. */
export const scheduling = section({
  attempts: defaulted(integer(1, 50), 6, "How often a request is sent to providers at most, over all targets and credentials."),
  retryShare: defaulted(
    integer(0, 100),
    10,
    "Further tries after failures that may be those of an outage, as a percentage of the requests of the last ten seconds. Those that succeed do not count."
  ),
  retryLeast: defaulted(integer(0, 1000), 3, "How many of these tries there may be in ten seconds, however few requests there are."),
  sessions: defaulted(integer(1, 1_000_000), 10_000, "Conversations whose credential is remembered."),
  sessionsFor: defaulted(positiveDuration, "1 hour", "How long after their last request.")
})

type Settings = ReturnType<typeof scheduling>["Type"]

/** The memory of scheduling, which stands around all generations. */
export const toScheduling = ({ retryLeast, retryShare, sessions, sessionsFor }: Settings): Layer.Layer<GatewayScheduling.Scheduling> =>
  GatewayScheduling.layer({
    retries: { share: retryShare / 100, least: retryLeast },
    sessions: { entries: sessions, ttlMs: Duration.toMillis(sessionsFor) }
  })
