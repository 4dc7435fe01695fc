/** The short forms of the experiments that attack the traffic: crashes, disconnects, shutdown, keys, fleets. */
import { experiments } from "./Experiments.ts"
import { hold, isOfStorage } from "./ShortForms.ts"

hold(experiments.filter((experiment) => !isOfStorage(experiment)))
