/**
 * The `server` section: where the server listens, how it stops, and what it keeps itself within when more is asked of it than it can do.
 */
import { byteSize, defaulted, duration, flag, integer, optional, positiveDuration, section, text } from "./Fields.ts"

const admission = section({
  streams: optional(
    integer(1),
    "Requests a process runs at the same time, streams or not. Absent = 2000, or as many as 45 % of the files it may have open, whichever is less."
  ),
  bytes: defaulted(byteSize, "256MiB", "How much the bodies of requests and buffered answers of a process may hold together."),
  reserved: defaulted(integer(0, 90), 20, "The percentage of both that only keys of priority `interactive` may use."),
  loopDelay: defaulted(positiveDuration, "100 millis", "How late the event loop (99th percentile) may be before less is admitted, batches first."),
  loopDelayFor: defaulted(positiveDuration, "2 seconds", "For how long it must be that late."),
  heap: defaulted(
    integer(10, 99),
    85,
    "The used percentage of the heap from which on agents and batches are refused; a third of the rest further everybody is, two thirds further running batches are ended."
  ),
  waiting: defaulted(integer(0, 100_000), 256, "Requests that may wait for a place."),
  wait: defaulted(positiveDuration, "2 seconds", "How long a request may wait for a place before it is refused.")
})

const drains = section({
  concurrent: defaulted(integer(0), 64, "Providers' answers that are read on at the same time; further ones are cancelled."),
  time: defaulted(positiveDuration, "5 minutes", "For how long, where the model's entry says no more than `drain`."),
  bytes: defaulted(byteSize, "64MiB", "For how much, where the model's entry says no more than `drain`.")
})

/** The section. */
export const server = section({
  host: defaulted(text, "127.0.0.1", "The address to listen on."),
  port: defaulted(integer(0, 65535), 8787, "The port to listen on; 0 takes a free one."),
  workers: defaulted(integer(1, 256), 1, "Processes that serve the port together."),
  bodyLimit: defaulted(byteSize, "32MiB", "The largest request body accepted, after decompression."),
  connections: defaulted(integer(1), 10_000, "Connections a process keeps open; further ones are closed at once."),
  keepAlive: defaulted(
    positiveDuration,
    "5 seconds",
    "How long a connection may be idle between requests. Behind a load balancer it must be longer than the balancer's own time, so that the balancer closes first."
  ),
  heartbeat: defaulted(positiveDuration, "15 seconds", "How long a stream may be silent before its client gets a comment that keeps the connection alive."),
  writeStall: defaulted(positiveDuration, "60 seconds", "How long a client may take nothing of a stream before it is given up."),
  lameDuck: defaulted(duration, "5 seconds", "How long the server still accepts requests after it was told to stop, so that load balancers notice."),
  drainTimeout: defaulted(duration, "30 seconds", "How long open streams may take to finish when the server stops."),
  drains: defaulted(drains, {}, "Reading providers' answers on after clients that left, as `models[].onClientGone` asks for."),
  watch: defaulted(
    flag,
    true,
    "Whether the configuration file is read again when it changes. A SIGHUP and the operator's API have it read again either way."
  ),
  admission: defaulted(admission, {}, "Who is admitted when there is not room for all. Every bound is of one process.")
})
