/** The record of exchanges: pages of it, newest first, and everything about one. */
import { ExchangeId } from "@sluice/gateway/ExchangeId"
import { type Entry, Ledger } from "@sluice/gateway/Ledger"
import * as LedgerReader from "@sluice/ledger/LedgerReader"
import { present } from "@sluice/protocol/Json"
import { ledgerStatuses } from "@sluice/protocol/Outcome"
import { Clock, Effect, Option, Schema } from "effect"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { sourceOf } from "../commands/ledger/KeptIn.ts"
import * as Moment from "../commands/ledger/Moment.ts"
import { Configuration } from "../reload/Configuration.ts"
import { finished } from "./Group.ts"
import { NotFound, Unavailable } from "./Problems.ts"

const Text = Schema.optionalKey(Schema.String)

/** A point in time in a query: an ISO time, or how long ago. */
export const Time = Schema.String.check(Schema.makeFilter((text: string) => Option.isSome(Moment.read(text)) || `Expected ${Moment.wanted}`))
  .annotate({ description: `${Moment.wanted[0]?.toUpperCase()}${Moment.wanted.slice(1)}.` })

/** The milliseconds of such a text. */
export const timeOf = (text: string | undefined, now: number): number | undefined =>
  text === undefined ? undefined : Option.getOrUndefined(Moment.read(text))?.(now)

/** Tokens by class. */
export const Usage = Schema.Record(Schema.String, Schema.Finite)

const Failure = Schema.Struct({ class: Schema.String, message: Schema.String, status: Schema.optionalKey(Schema.Int) })

const Exchange = Schema.Struct({
  id: Schema.String,
  startedAt: Schema.String,
  endedAt: Text,
  operation: Schema.String,
  outcome: Text,
  status: Schema.Literals(ledgerStatuses),
  principal: Schema.String,
  tenant: Text,
  team: Text,
  inbound: Schema.String,
  upstream: Text,
  stream: Schema.Boolean,
  lane: Text,
  model: Text,
  provider: Text,
  upstreamModel: Text,
  servedModel: Text,
  attempts: Schema.Int,
  usage: Usage,
  provenance: Schema.Record(Schema.String, Schema.String),
  costUsd: Text,
  savedUsd: Text,
  priceVersion: Text,
  losses: Schema.Array(Schema.String),
  bytesOut: Schema.Finite,
  ttftMs: Schema.optionalKey(Schema.Finite),
  durationMs: Schema.optionalKey(Schema.Finite),
  finish: Text,
  error: Schema.optionalKey(Failure)
}).annotate({ identifier: "Exchange", description: "One request, as the ledger shows it. What is unknown is absent, never null." })

const Attempt = Schema.Struct({
  provider: Schema.String,
  upstreamModel: Schema.String,
  credential: Text,
  startedAt: Schema.String,
  durationMs: Schema.Finite,
  error: Schema.optionalKey(Failure)
})

const Detail = Schema.Struct({
  exchange: Exchange,
  attempts: Schema.optionalKey(Schema.Array(Attempt)),
  responseLosses: Schema.optionalKey(Schema.Array(Schema.Struct({ path: Schema.String, reason: Schema.String, count: Schema.Int }))),
  outcomeDetail: Text,
  estimatedInput: Schema.optionalKey(Schema.Int),
  estimatedUsd: Text,
  link: Schema.optionalKey(Schema.Struct({ writer: Schema.String, sequence: Schema.Int, hash: Schema.String }))
}).annotate({ identifier: "ExchangeDetail", description: "An exchange with its attempts, what its answer lost, and its place in the hash chain." })

const Body = Schema.Struct({
  bytes: Schema.Int,
  sha256: Schema.String,
  text: Schema.optionalKey(Schema.String.annotate({ description: "Its beginning where there is a `tail`; absent where only the digest is kept." })),
  tail: Text
})

const Kept = Schema.Struct({ policy: Schema.Literals(["digest", "redacted", "full"]), request: Body, response: Body }).annotate({
  identifier: "ExchangeBodies",
  description: "What is kept of a request and its answer, as `ledger.bodies` asks for it."
})

const filters = {
  from: Schema.optionalKey(Time),
  until: Schema.optionalKey(Time),
  status: Schema.optionalKey(Schema.Literals(ledgerStatuses)),
  outcome: Text,
  model: Text,
  provider: Text,
  principal: Text,
  team: Text,
  tenant: Text
}

/** The endpoints. */
export const group = finished(
  HttpApiGroup.make("exchanges").add(
    HttpApiEndpoint.get("listExchanges", "/exchanges", {
      query: {
        ...filters,
        before: Schema.optionalKey(ExchangeId.annotate({ description: "The `next` of the page before." })),
        limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 })).annotate({ description: "Absent = 100." }))
      },
      success: Schema.Struct({
        exchanges: Schema.Array(Exchange),
        next: Text.annotate({ description: "Where the next page begins; absent = this is the last one." })
      }),
      error: [Unavailable]
    }).annotate(OpenApi.Summary, "Read the record, newest first"),
    HttpApiEndpoint.get("getExchange", "/exchanges/:id", { params: { id: Schema.String }, success: Detail, error: [NotFound, Unavailable] }).annotate(
      OpenApi.Summary,
      "Read everything about one exchange"
    ),
    HttpApiEndpoint.get("getBodies", "/exchanges/:id/bodies", { params: { id: Schema.String }, success: Kept, error: [NotFound, Unavailable] })
      .annotate(OpenApi.Summary, "Read what is kept of the bodies of an exchange")
  ),
  "Exchanges",
  "The record of every request, newest first, by keyset pages: a page does not shift while new exchanges come."
)

const unavailable = ({ message }: { readonly message: string }) => new Unavailable({ detail: message })

const nothing = (id: string) => new NotFound({ detail: `The ledger has no exchange "${id}".` })

/** A ledger in memory knows no single rows: as many as fit a query are looked through. */
const remembered = 10_000

/** The handlers. */
export const layer = HttpApiBuilder.group(
  HttpApi.make("admin").add(group),
  "exchanges",
  Effect.fnUntraced(function*(handlers) {
    const { current: config } = yield* Configuration
    const ledger = yield* Ledger
    const inMemory = (id: string) =>
      Effect.mapError(ledger.query({ limit: remembered }), unavailable).pipe(
        Effect.flatMap((entries) => Effect.fromOption(Option.fromUndefinedOr(entries.find((entry: Entry) => entry.id === id)))),
        Effect.map((exchange) => ({ exchange })),
        Effect.catchTag("NoSuchElementError", () => nothing(id))
      )
    const kept = (source: LedgerReader.Source, id: string) =>
      Effect.mapError(LedgerReader.find(source, id), unavailable).pipe(
        Effect.flatMap(Option.match({
          onNone: () => nothing(id),
          onSome: ({ entry, ...rest }) => Effect.succeed({ exchange: entry, ...rest })
        }))
      )
    const bodiesOf = (source: LedgerReader.Source, id: string) =>
      Effect.mapError(LedgerReader.bodies(source, id), unavailable).pipe(
        Effect.flatMap((found) => found === undefined ? new NotFound({ detail: `Nothing is kept of the bodies of "${id}".` }) : Effect.succeed(found))
      )
    return handlers.handleAll({
      listExchanges: Effect.fn("admin.listExchanges")(function*({ query: { before, from, limit = 100, until, ...same } }) {
        const now = yield* Clock.currentTimeMillis
        // One more than is shown says whether there is another page
        const wanted = present({ ...same, from: timeOf(from, now), until: timeOf(until, now), before, limit: limit + 1 })
        const found = yield* Effect.mapError(ledger.query(wanted), unavailable)
        const exchanges = found.slice(0, limit)
        const last = exchanges.at(-1)
        return { exchanges, ...(found.length > limit && last !== undefined ? { next: last.id } : {}) }
      }),
      getBodies: Effect.fn("admin.getBodies")(({ params: { id } }) =>
        Effect.matchEffect(sourceOf(config()), {
          onFailure: ({ message }) => new NotFound({ detail: message }),
          onSuccess: (source) => bodiesOf(source, id)
        })
      ),
      getExchange: Effect.fn("admin.getExchange")(({ params: { id } }) =>
        Effect.matchEffect(sourceOf(config()), { onFailure: () => inMemory(id), onSuccess: (source) => kept(source, id) })
      )
    })
  })
)
