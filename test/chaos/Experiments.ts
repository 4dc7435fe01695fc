/** Every experiment of the rig, in the order of the list of guarantees. */
import type { Experiment } from "./Experiment.ts"
import { powerCut } from "./experiments/G01bPowerCut.ts"
import { crash } from "./experiments/G01Crash.ts"
import { disconnect } from "./experiments/G02Disconnect.ts"
import { drain } from "./experiments/G03Drain.ts"
import { shutdown } from "./experiments/G04Shutdown.ts"
import { lockedDatabase } from "./experiments/G05LockedDatabase.ts"
import { slowDisk } from "./experiments/G06SlowDisk.ts"
import { brokenStorage } from "./experiments/G07BrokenStorage.ts"
import { spill } from "./experiments/G08Spill.ts"
import { indeterminateCommit } from "./experiments/G09IndeterminateCommit.ts"
import { stateMachine } from "./experiments/G10StateMachine.ts"
import { partialUsage } from "./experiments/G11PartialUsage.ts"
import { tampering } from "./experiments/G12Tampering.ts"
import { clock } from "./experiments/G13Clock.ts"
import { idempotency } from "./experiments/G14Idempotency.ts"
import { fleet } from "./experiments/G15Fleet.ts"
import { reload } from "./experiments/R01Reload.ts"

/** All of them. */
export const experiments: ReadonlyArray<Experiment> = [
  crash,
  powerCut,
  disconnect,
  drain,
  shutdown,
  lockedDatabase,
  slowDisk,
  brokenStorage,
  spill,
  indeterminateCommit,
  stateMachine,
  partialUsage,
  tampering,
  clock,
  idempotency,
  fleet,
  reload
]
