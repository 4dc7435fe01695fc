/** The names the simulator's model lists show: one of each scenario. Any other name works too. */
import { scenarios } from "./Scenarios.ts"

/** Model names in a fixed order. */
export const modelNames: ReadonlyArray<string> = Object.keys(scenarios).map((name) => `sim-${name}`)
