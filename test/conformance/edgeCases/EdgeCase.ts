/**
 * A situation that translators and gateways are known to get wrong, and where it is held: by tests that are named after it, or by a
 * decision to behave otherwise, with its reason.
 */

/** A test by its file, from the root of the repository, and its whole name as it stands in that file. */
export interface NamedTest {
  readonly file: string
  readonly name: string
}

/** One situation. Numbers are those of its list, from 1 without gaps. */
export interface EdgeCase {
  readonly number: number
  /** What comes in, in a few words. */
  readonly situation: string
  /** What is right, in a few words. */
  readonly expected: string
  /** The tests that hold it. Empty only where `decided` says why. */
  readonly tests: ReadonlyArray<NamedTest>
  /** Why we behave otherwise than others expect, or why it does not arise here. */
  readonly decided?: string
}

/** A list of situations under one title. */
export interface EdgeCaseList {
  readonly title: string
  readonly cases: ReadonlyArray<EdgeCase>
}

/** A situation whose number is its place. */
export type Situation = Omit<EdgeCase, "number">

/** Situations with their numbers. */
export const numbered = (situations: ReadonlyArray<Situation>): ReadonlyArray<EdgeCase> => situations.map((one, index) => ({ number: index + 1, ...one }))
