/**
 * The lists of all providers whose lists are read: kept, refreshed on an interval, and turned into entries. A reading that fails
 * changes nothing but the status. Nothing here waits for a request, and no request waits for it.
 */
import type { ListedModel } from "@sluice/protocol/Dialect"
import { present } from "@sluice/protocol/Json"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { Credential } from "../Credential.ts"
import type { Executor } from "../Executor.ts"
import * as Wildcards from "../internal/wildcards.ts"
import type { DiscoveryOptions, ListStatus, ModelLists } from "../ModelDiscovery.ts"
import type { ModelEntry, ModelTarget, ProviderNaming } from "../ModelEntry.ts"
import type { ProviderId } from "../ProviderId.ts"
import * as ProviderList from "./ProviderList.ts"

/** What the lists are read with. */
export interface Surroundings {
  readonly executors: ReadonlyMap<ProviderId, Executor>
  readonly naming: ReadonlyMap<ProviderId, ProviderNaming>
  readonly lists: ModelLists["Service"]
  /** The time of day in milliseconds. */
  readonly now: () => number
  readonly random: () => number
}

/** One provider's lists, by credential. */
export interface Discovery {
  readonly options: DiscoveryOptions
  /** Whether there is a list of every credential already. */
  readonly isComplete: () => boolean
  /** Reads the lists; true where one of them is another than before. */
  readonly refresh: Effect.Effect<boolean>
  readonly status: () => ReadonlyArray<ListStatus>
  /** What the last good lists have. */
  readonly entries: () => ReadonlyArray<ModelEntry>
  /** How long to wait for the next reading: sooner where the last one failed. */
  readonly pauseMs: () => number
}

const hour = Duration.hours(1)
const halfMinute = Duration.seconds(30)
/** Milliseconds to the next try after the first failure; they double with each one, up to the interval. */
const retryMs = 30_000
/** Lists of one provider that are read at the same time. */
const atOnce = 4

interface Tried {
  readonly triedAt: number
  readonly failures: number
  readonly failure?: ListStatus["failure"]
}

const failureOf = (cause: Cause.Cause<unknown>): NonNullable<ListStatus["failure"]> => {
  const error = Option.getOrUndefined(Cause.findErrorOption(cause))
  if (typeof error === "object" && error !== null && "failure" in error && isFailure(error.failure)) {
    const { class: kind, message, status } = error.failure
    return present({ class: kind, message, status })
  }
  return { class: "defect", message: "Reading the list broke; the log says why." }
}

const isFailure = (value: unknown): value is NonNullable<ListStatus["failure"]> => typeof value === "object" && value !== null && "class" in value

/** No key at all needs no name. */
const idOf = ({ id, kind }: Credential): string | undefined => kind === "none" ? undefined : id

/** What credentials of one provider list, each model once, with those that list it where others do not. */
const union = (lists: ReadonlyArray<readonly [credential: string | undefined, models: ReadonlyArray<ListedModel>]>, asked: number) => {
  const found = new Map<string, { readonly model: ListedModel; readonly credentials: Array<string> }>()
  for (const [credential, models] of lists) {
    for (const model of models) {
      const known = found.get(model.id) ?? { model, credentials: [] }
      found.set(model.id, known)
      if (credential !== undefined) known.credentials.push(credential)
    }
  }
  return Array.from(
    found.values(),
    ({ credentials, model }) => ({ model, credentials, isEverybodys: credentials.length === 0 || credentials.length === asked })
  )
}

/** The lists of one provider. */
export const make = (options: DiscoveryOptions, { executors, lists, naming, now, random }: Surroundings): Discovery => {
  const { interval = hour, names = "prefixed", provider, timeout = halfMinute } = options
  const excluded = Wildcards.make(options.excluded ?? [])
  const included = options.included === undefined ? () => true : Wildcards.make(options.included)
  const executor = executors.get(provider)
  const tried = new Map<string | undefined, Tried>()
  const keyOf = (credential: string | undefined): string => JSON.stringify([provider, credential ?? null])
  const prefix = naming.get(provider)?.prefix ?? provider

  const credentials = (): ReadonlyArray<Credential | undefined> => {
    if (executor?.credentials === undefined) return [undefined]
    return executor.credentials().filter(({ isUsable, weight }) => weight > 0 && isUsable?.() !== false)
  }
  const ids = (): ReadonlyArray<string | undefined> => executor?.credentials === undefined ? [undefined] : executor.credentials().map(idOf)

  const readOne = Effect.fnUntraced(function*(asked: Executor, credential: Credential | undefined) {
    const id = credential === undefined ? undefined : idOf(credential)
    const exit = yield* Effect.exit(ProviderList.read(asked, credential, timeout))
    const triedAt = now()
    if (Exit.isSuccess(exit)) {
      tried.set(id, { triedAt, failures: 0 })
      const before = lists.get(keyOf(id))?.models
      lists.set(keyOf(id), { models: exit.value, readAt: triedAt })
      return JSON.stringify(before) !== JSON.stringify(exit.value)
    }
    if (Cause.hasInterruptsOnly(exit.cause)) return yield* Effect.interrupt
    const failures = (tried.get(id)?.failures ?? 0) + 1
    const failure = failureOf(exit.cause)
    tried.set(id, { triedAt, failures, failure })
    const facts = present({ provider, credential: id, class: failure.class, status: failure.status, message: failure.message })
    if (failures === 1) yield* Effect.logWarning("The list of a provider's models could not be read; the last good one stays", facts)
    if (Cause.hasDies(exit.cause)) yield* Effect.logError("Reading a list of models ended in a defect", exit.cause)
    return false
  })

  const entries = (): ReadonlyArray<ModelEntry> => {
    const known = ids()
    const found = union(
      known.flatMap((id) => {
        const list = lists.get(keyOf(id))
        return list === undefined ? [] : [[id, list.models] as const]
      }),
      known.length
    )
    return found.flatMap(({ credentials, isEverybodys, model: { id, operations: all, ...info } }): ReadonlyArray<ModelEntry> => {
      const operations = all?.filter((operation) => operation !== "models" && operation !== "raw")
      // A model that can be asked nothing of what a gateway asks is none of its models
      if (excluded(id) || !included(id) || operations?.length === 0) return []
      const target: ModelTarget = { provider, model: id, info, ...(isEverybodys ? {} : { credentials }) }
      return [present({
        id: names === "bare" ? id : `${prefix}/${id}`,
        targets: [target],
        operations,
        origin: { _tag: "Discovered" as const, provider, credentials }
      })]
    })
  }

  return {
    options,
    entries,
    isComplete: () => ids().every((id) => lists.get(keyOf(id)) !== undefined),
    refresh: executor === undefined ?
      Effect.succeed(false) :
      Effect.suspend(() => Effect.forEach(credentials(), (credential) => readOne(executor, credential), { concurrency: atOnce })).pipe(
        Effect.map((changes) => changes.includes(true))
      ),
    status: () =>
      ids().map((id): ListStatus => {
        const list = lists.get(keyOf(id))
        const last = tried.get(id)
        return present({
          provider,
          credential: id,
          models: list?.models.length,
          readAt: list?.readAt,
          triedAt: last?.triedAt,
          failure: last?.failure,
          failures: last?.failures ?? 0
        })
      }),
    pauseMs: () => {
      const failures = Math.max(0, ...Array.from(tried.values(), (last) => last.failures))
      const whole = Duration.toMillis(interval)
      const wanted = failures === 0 ? whole : Math.min(whole, retryMs * 2 ** Math.min(failures - 1, 20))
      return wanted * (0.9 + 0.2 * random())
    }
  }
}

/** The entries of all lists: a bare name that several providers have is served by the first of them, and by the next where it fails. */
export const merged = (discoveries: ReadonlyArray<Discovery>): ReadonlyArray<ModelEntry> => {
  const found = new Map<string, ModelEntry>()
  for (const entry of discoveries.flatMap((discovery) => discovery.entries())) {
    const before = found.get(entry.id)
    found.set(entry.id, before === undefined ? entry : together(before, entry))
  }
  return [...found.values()]
}

const together = (first: ModelEntry, next: ModelEntry): ModelEntry => {
  const { operations: _, ...rest } = first
  const common = first.operations === undefined ?
    next.operations :
    next.operations === undefined ?
    first.operations :
    first.operations.filter((each) => next.operations?.includes(each))
  return {
    ...rest,
    targets: [...first.targets, ...next.targets],
    order: "listed",
    ...(common === undefined || common.length === 0 ? {} : { operations: common })
  }
}
