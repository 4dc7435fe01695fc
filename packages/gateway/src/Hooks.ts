/**
 * The hooks of all extensions and interceptors, each with what guards its calls, gathered once into one array per hook in order: a
 * request pays only for those there are, and looks nothing up. How a hook is called is `PartCall.ts`.
 */
import { isObject } from "@sluice/protocol/Wire"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Extension } from "./Extension.ts"
import type { Fuse, Fuses, Kind } from "./Fuse.ts"
import type { FailPolicy, GatewayPart } from "./GatewayPart.ts"
import type { AttemptContext, Interceptor } from "./Interceptor.ts"
import type { Normalizer } from "./Normalizer.ts"
import type { Chosen, Point } from "./stages/Normalizing.ts"

/** A hook, or a whole part, with what guards its calls. */
export interface Installed<F> {
  /** The id of its part. */
  readonly id: string
  readonly kind: Kind
  readonly failPolicy: FailPolicy
  readonly timeoutMs: number
  readonly fuse: Fuse
  readonly call: F
}

type Of<T, K extends keyof T> = ReadonlyArray<Installed<NonNullable<T[K]>>>

/** Every hook that is called for the exchanges of a gateway. */
export interface Hooks {
  readonly request: Of<Interceptor, "request">
  readonly attempt: Of<Interceptor, "attempt">
  readonly embed: Of<Interceptor, "embed">
  readonly response: Of<Interceptor, "response">
  readonly events: Of<Interceptor, "events">
  readonly chunks: Of<Interceptor, "chunks">
  /** Normalizers of wire values; those of canonical ones are among `attempt`, last, and `events`, first. */
  readonly wireRequest: Point
  readonly wireResponse: Point
  readonly lookup: Of<Extension, "lookup">
  readonly observe: Of<Extension, "observe">
  readonly onAttempt: Of<Extension, "onAttempt">
}

/** The parts of a gateway, in order. */
export interface Gathered {
  readonly extensions: ReadonlyArray<Installed<Extension>>
  readonly hooks: Hooks
}

/** How long a call may take where its part says nothing, in milliseconds. */
export const defaultTimeoutMs = 30_000

/** Puts what guards its calls around a part, which fails by this policy where it says nothing. */
export const install = (kind: Kind, fuses: Fuses["Service"]) => <P extends GatewayPart>(part: P, policy: FailPolicy): Installed<P> => {
  const failPolicy = part.failPolicy ?? policy
  return {
    id: part.id,
    kind,
    failPolicy,
    timeoutMs: part.timeout === undefined ? defaultTimeoutMs : Duration.toMillis(part.timeout),
    fuse: fuses.of({ kind, id: part.id, failPolicy, after: part.fuseAfter }),
    call: part
  }
}

/** One hook of the parts that have it. */
const pick = <P, K extends keyof P>(parts: ReadonlyArray<Installed<P>>, name: K, policy?: FailPolicy): Of<P, K> =>
  parts.flatMap((part) => {
    const call = part.call[name]
    return call === undefined || call === null ? [] : [{ ...part, failPolicy: policy ?? part.failPolicy, call }]
  })

/** The interceptor that a normalizer is where it works on canonical values. */
const attempting = (normalizer: Installed<Normalizer>): ReadonlyArray<Installed<NonNullable<Interceptor["attempt"]>>> => {
  const { canonicalRequest, providers } = normalizer.call
  if (canonicalRequest === undefined) return []
  return [{
    ...normalizer,
    call: (request, context) => Effect.succeed(isFor(providers, context) ? canonicalRequest(request, context) : request)
  }]
}

const staging = (normalizer: Installed<Normalizer>): ReadonlyArray<Installed<NonNullable<Interceptor["events"]>>> => {
  const { canonicalResponse, providers } = normalizer.call
  if (canonicalResponse === undefined) return []
  return [{
    ...normalizer,
    call: (context) => ({ step: (frame) => [isFor(providers, context) ? canonicalResponse(frame, context) : frame] })
  }]
}

const isFor = (providers: ReadonlyArray<string> | undefined, { provider }: AttemptContext): boolean => providers === undefined || providers.includes(provider)

const pointOf = (normalizers: ReadonlyArray<Installed<Normalizer>>, pick: (normalizer: Normalizer) => Chosen["normalize"] | undefined): Point =>
  normalizers.flatMap((each) => {
    const normalize = pick(each.call)
    return normalize === undefined ? [] : [{ ...each, call: { providers: each.call.providers, normalize } }]
  })

/** Gathers the parts, which come in order. */
export const gather = (
  extensions: ReadonlyArray<Extension>,
  interceptors: ReadonlyArray<Interceptor>,
  normalizers: ReadonlyArray<Normalizer>,
  fuses: Fuses["Service"]
): Gathered => {
  const normalizing = normalizers.map((each) => install("normalizer", fuses)(each, "closed"))
  const installedExtensions = extensions.map((each) => install("extension", fuses)(each, each.admit === undefined ? "open" : "closed"))
  const installed = interceptors.map((each) => install("interceptor", fuses)(each, "closed"))
  return {
    extensions: installedExtensions,
    hooks: {
      request: pick(installed, "request"),
      attempt: [...pick(installed, "attempt"), ...normalizing.flatMap(attempting)],
      embed: pick(installed, "embed"),
      response: pick(installed, "response"),
      events: [...normalizing.flatMap(staging), ...pick(installed, "events")],
      chunks: pick(installed, "chunks"),
      wireRequest: pointOf(
        normalizing,
        ({ wireRequest }) => wireRequest === undefined ? undefined : (value, context) => isObject(value) ? wireRequest(value, context) : value
      ),
      wireResponse: pointOf(normalizing, ({ wireResponse }) => wireResponse),
      // What is not found is asked for
      lookup: installedExtensions.flatMap((each) => pick([each], "lookup", each.call.failPolicy ?? "open")),
      observe: pick(installedExtensions, "observe", "open"),
      onAttempt: pick(installedExtensions, "onAttempt", "open")
    }
  }
}
