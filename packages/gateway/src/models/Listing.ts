/**
 * What lists say of models: the names clients may use, with what the configuration says of them, then the provider's own list, then
 * the catalogue. A name that leads to several models is described by what holds for all of them.
 */
import type { ListedModel, Operation } from "@sluice/protocol/Dialect"
import * as ModelInfo from "@sluice/protocol/ModelInfo"
import * as Option from "effect/Option"
import type { Catalogue } from "../Catalogue.ts"
import type { Executor } from "../Executor.ts"
import { upstreamName } from "../internal/compileModels.ts"
import * as ModelAccess from "../ModelAccess.ts"
import type { ModelEntry, ModelTarget } from "../ModelEntry.ts"
import * as ModelRegistry from "../ModelRegistry.ts"
import type { Principal } from "../Principal.ts"
import type { ProviderId } from "../ProviderId.ts"

/** What is looked at. */
export interface Surroundings {
  readonly executors: ReadonlyMap<ProviderId, Pick<Executor, "dialect">>
  readonly catalogue?: Catalogue["Service"] | undefined
}

/** What an entry says it can be asked, else what its providers' protocols can; the gateway itself counts for those that cannot. */
const operationsOf = ({ executors }: Surroundings, { operations, targets }: ModelEntry): ReadonlyArray<Operation> =>
  operations ?? (targets.some(({ provider }) => executors.get(provider)?.dialect.embed !== undefined) ? ["generate", "count", "embed"] : ["generate", "count"])

const ofTarget = ({ catalogue, executors }: Surroundings, entry: ModelEntry, target: ModelTarget): ModelInfo.ModelInfo => {
  const dialect = executors.get(target.provider)?.dialect.id
  const sought = { provider: target.provider, model: upstreamName(target, entry.id, undefined), ...(dialect === undefined ? {} : { dialect }) }
  const known = catalogue === undefined ? undefined : Option.getOrUndefined(catalogue.find(sought))?.info
  const configured = target.thinking ?? entry.thinking
  return ModelInfo.merge(configured === undefined ? undefined : { thinking: configured }, target.info, known)
}

/** What is known of the model of an entry that names one. */
export const infoOf = (around: Surroundings, entry: ModelEntry): ModelInfo.ModelInfo =>
  ModelInfo.merge(entry.info, ModelInfo.common(entry.targets.map((target) => ofTarget(around, entry, target))))

const listed = (around: Surroundings, entry: ModelEntry): ListedModel => ({
  ownedBy: "sluice",
  ...infoOf(around, entry),
  id: entry.id,
  operations: operationsOf(around, entry)
})

// A snapshot belongs to one gateway and never changes, so what it lists is worked out once
const known = new WeakMap<ModelRegistry.Snapshot, ReadonlyArray<ListedModel>>()

const allOf = (around: Surroundings, snapshot: ModelRegistry.Snapshot): ReadonlyArray<ListedModel> => {
  const before = known.get(snapshot)
  if (before !== undefined) return before
  const all = ModelRegistry.list(snapshot).map((entry) => listed(around, entry))
  known.set(snapshot, all)
  return all
}

/** The models a caller may use, by their exact names. */
export const list = (around: Surroundings, snapshot: ModelRegistry.Snapshot, principal: Principal): ReadonlyArray<ListedModel> => {
  const all = allOf(around, snapshot)
  return principal.models === undefined ? all : all.filter(({ id }) => ModelAccess.isAllowed(principal, id))
}

/** One of them; none where the name is nobody's, or not the caller's. */
export const one = (around: Surroundings, snapshot: ModelRegistry.Snapshot, principal: Principal, id: string): ListedModel | undefined => {
  const entry = snapshot.exact.get(id)
  return entry === undefined || !ModelAccess.isAllowed(principal, id) ? undefined : listed(around, entry)
}
