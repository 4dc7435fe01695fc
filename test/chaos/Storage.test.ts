/** The short forms of the experiments that attack the ledger's storage. A file of their own, so that they run beside the others. */
import { experiments } from "./Experiments.ts"
import { hold, isOfStorage } from "./ShortForms.ts"

hold(experiments.filter(isOfStorage))
