/** What may happen to the processes of one ledger, as commands of fast-check: generated, interleaved by its scheduler, and shrunk. */
import * as fc from "fast-check"
import type { Failure, Process, World, Write } from "./LedgerModel.ts"
import { outcomes } from "./LedgerModel.ts"

/** What a run keeps beside the world. */
export interface Running {
  readonly world: World
  /** The living ones; never empty. */
  readonly processes: Array<Process>
  /** Exchanges by the process that runs them. */
  readonly exchanges: Map<Process, Array<number>>
  readonly scheduler: fc.Scheduler
  next: number
  tokens: number
}

type Command = fc.AsyncCommand<object, Running>

const chosen = <A>(items: ReadonlyArray<A>, index: number): A | undefined => items[index % Math.max(1, items.length)]

/** Sends writes on their way; they arrive when the scheduler says so, or never, if their process has died by then. */
const send = ({ scheduler, world }: Running, process: Process, writes: ReadonlyArray<Write>): void => {
  const label = writes.map((write) => `${write.kind} ${write.n}`).join(", ")
  void scheduler.schedule(Promise.resolve(), label).then(() => world.deliver(process, writes))
}

const command = (name: string, run: (running: Running) => void): Command => ({
  check: () => true,
  run: async (_, running) => run(running),
  toString: () => name
})

const withProcess = (running: Running, index: number, run: (process: Process, exchanges: Array<number>) => void): void => {
  const process = chosen(running.processes, index)
  if (process === undefined) return
  const exchanges = running.exchanges.get(process) ?? []
  running.exchanges.set(process, exchanges)
  run(process, exchanges)
}

const open = (at: number) =>
  command(`open(${at})`, (running) =>
    withProcess(running, at, (process, exchanges) => {
      const n = running.next++
      exchanges.push(n)
      send(running, process, [{ kind: "open", n }])
    }))

const checkpoint = (at: number, which: number, copies: number) =>
  command(`checkpoint(${at}, ${which}, ${copies})`, (running) =>
    withProcess(running, at, (process, exchanges) => {
      const n = chosen(exchanges, which)
      if (n === undefined) return
      const write: Write = { kind: "checkpoint", n, tokens: running.tokens++ }
      for (let copy = 0; copy < copies; copy++) send(running, process, [write])
    }))

const settle = (at: number, which: number, outcome: number, copies: number) =>
  command(`settle(${at}, ${which}, ${outcome}, ${copies})`, (running) =>
    withProcess(running, at, (process, exchanges) => {
      const n = chosen(exchanges, which)
      if (n === undefined) return
      for (let copy = 0; copy < copies; copy++) send(running, process, [{ kind: "settle", n, outcome: (outcome + copy) % outcomes.length }])
    }))

/** A whole life in one message, its writes in any order. */
const life = (at: number, order: ReadonlyArray<number>, outcome: number) =>
  command(`life(${at}, [${order.join()}], ${outcome})`, (running) =>
    withProcess(running, at, (process) => {
      const n = running.next++
      const writes: ReadonlyArray<Write> = [{ kind: "open", n }, { kind: "checkpoint", n, tokens: running.tokens++ }, { kind: "settle", n, outcome }]
      send(running, process, order.flatMap((index) => writes[index] ?? []))
    }))

const fail = (failures: ReadonlyArray<Failure>) => command(`fail(${failures.join()})`, ({ world }) => world.fail(failures))

/** A process dies with everything that is on its way from it, and another one takes its place. */
const kill = (at: number) =>
  command(`kill(${at})`, ({ processes, world }) => {
    const process = chosen(processes, at)
    if (process === undefined) return
    world.kill(process)
    processes.splice(processes.indexOf(process), 1, world.start())
  })

const recover = (at: number, interrupted: boolean) =>
  command(`recover(${at}, ${interrupted})`, (running) =>
    withProcess(running, at, (process) => {
      void running.scheduler.schedule(Promise.resolve(), "recover").then(() => running.world.recover(process, interrupted))
    }))

const small = fc.nat({ max: 5 })
const copies = fc.integer({ min: 1, max: 2 })

/** Lists of commands. */
export const commands = fc.commands([
  fc.tuple(small).map((given) => open(...given)),
  fc.tuple(small, small, copies).map((given) => checkpoint(...given)),
  fc.tuple(small, small, small, copies).map((given) => settle(...given)),
  fc.tuple(small, fc.shuffledSubarray([0, 1, 2, 2], { minLength: 1 }), small).map((given) => life(...given)),
  fc.array(fc.constantFrom<Failure>("before", "after"), { minLength: 1, maxLength: 3 }).map(fail),
  fc.tuple(small).map((given) => kill(...given)),
  fc.tuple(small, fc.boolean()).map((given) => recover(...given))
], { maxCommands: 24, size: "+1" })

/** Everything that is on its way arrives, everybody dies, and one who is new puts all in order; gives what is wrong then. */
export const finish = async ({ processes, scheduler, world }: Running): Promise<ReadonlyArray<string>> => {
  await scheduler.waitIdle()
  const before = world.differences()
  if (before.length > 0) return before
  world.fail([])
  for (const process of processes) world.kill(process)
  const last = world.start()
  world.recover(last, true)
  world.recover(last, false)
  const after = [...world.differences(), ...world.chain()]
  world.kill(last)
  return after
}
