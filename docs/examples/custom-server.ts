import { Management } from "@sluice/gateway"
import { start } from "@sluice/server"
import { Console, Layer } from "effect"
import { Command, Flag } from "effect/cli"

const name = Flag.String("name").pipe(Flag.withDefault("world"))
const hello = Command.make("hello", { name }, ({ name }) => Console.log(`Hello, ${name}`)).pipe(Command.withDescription("Say hello"))
const about = { path: "/about.html", contentType: "text/html", body: "<h1>Our gateway</h1>", menu: { title: "About" } }

start({ commands: [hello], parts: Layer.mergeAll(Management.resources({ id: "about", title: "About", resources: [about] })) })
