/**
 * What a program of one's own adds to the reference server: parts of the gateway (extensions, interceptors, executors, management routes)
 * and commands of the command line. Given to `start` by a program, or the default export of a module that `plugins` of the configuration
 * names.
 *
 * @example
 * start({ parts: Management.routes({ id: "counter", title: "Counter", api, handlers }), commands: [Command.make("hello", {}, () => Console.log("Hello"))] })
 */
import type * as NodeServices from "@effect/platform-node/NodeServices"
import type * as Registries from "@sluice/gateway/Registries"
import { Context, type Layer } from "effect"
import type { Command } from "effect/cli"

/** Parts of a gateway, as its registries take them; each generation builds them anew. */
export type Parts = Layer.Layer<never, { readonly message: string }, Registries.Any>

/** A command of effect/cli. It may use what {@link Environment} gives; what it fails with is told by its message, and the exit code is 1. */
export type ContributedCommand = Command.Command.Any

/** What commands may use. */
export type Environment = NodeServices.NodeServices

/** What is added. */
export interface Plugin {
  readonly parts?: Parts
  readonly commands?: ReadonlyArray<ContributedCommand>
}

/** What the program that is running has added; nothing in the server as it is. */
export const Installed = Context.Reference<Plugin>("@sluice/server/Installed", { defaultValue: () => ({}) })
