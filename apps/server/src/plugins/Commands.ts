/** Joins the commands that plug-ins bring to those of the command line. A name is one's own: nothing hides a command that was there. */
import { Result, Schema } from "effect"
import type { Command } from "effect/cli"
import type { ContributedCommand, Environment } from "../Plugin.ts"

/** A command cannot be added under its name. */
export class CommandTaken extends Schema.TaggedError<CommandTaken>()("CommandTaken", { name: Schema.String, own: Schema.Boolean }) {
  override get message(): string {
    return this.own
      ? `a plug-in brings a command "${this.name}", which sluice has itself: call it otherwise`
      : `two plug-ins bring a command "${this.name}": call one of them otherwise`
  }
}

/** A command as the command line runs it. */
export type Runnable = Command.Command<string, never, unknown, unknown, Environment>

const namesOf = ({ alias, name }: ContributedCommand): ReadonlyArray<string> => alias === undefined ? [name] : [name, alias]

/** The contributed commands, where every name is free. */
export const checked = (
  own: ReadonlyArray<ContributedCommand>,
  contributed: ReadonlyArray<ContributedCommand>
): Result.Result<ReadonlyArray<Runnable>, CommandTaken> => {
  const taken = new Map(own.flatMap(namesOf).map((name) => [name, true]))
  for (const name of contributed.flatMap(namesOf)) {
    const isOwn = taken.get(name)
    if (isOwn !== undefined) return Result.fail(new CommandTaken({ name, own: isOwn }))
    taken.set(name, false)
  }
  // What a command of a module asks for is not to be seen at run time; one that asks for more than there is dies, and that is told
  return Result.succeed(contributed as ReadonlyArray<ContributedCommand & Runnable>)
}
