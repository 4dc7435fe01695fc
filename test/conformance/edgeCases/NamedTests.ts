/** A short way to name tests of one file. */
import type { NamedTest } from "./EdgeCase.ts"

/** Names tests of a file. */
export const inFile = (file: string) => (...names: ReadonlyArray<string>): ReadonlyArray<NamedTest> => names.map((name) => ({ file, name }))
