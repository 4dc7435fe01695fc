/**
 * The command line of Sluice. A server stopped by a signal has done what it was asked: exit code 0, not 130.
 */
import "effect/schema/SchemaJITCompiler/enable"
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Effect, Runtime } from "effect"
import { Command } from "effect/cli"
import * as Serve from "./commands/Serve.ts"

const sluice = Command.make("sluice").pipe(
  Command.withDescription("A gateway that speaks every big LLM protocol and keeps one durable record of every request"),
  Command.withSubcommands([Serve.command])
)

Command.run(sluice, { version: "0.0.0" }).pipe(
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({ teardown: (exit, onExit) => Runtime.defaultTeardown(exit, (code) => onExit(code === 130 ? 0 : code)) })
)
