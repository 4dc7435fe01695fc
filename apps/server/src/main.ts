/**
 * Where the process begins: what is loaded from here on is compiled once and kept beside the dependencies, because reading its
 * sources is half of what a start costs. Where nothing can be written there, it is read anew every time.
 */
import { enableCompileCache } from "node:module"
import { join } from "node:path"

enableCompileCache(process.env["NODE_COMPILE_CACHE"] ?? join(import.meta.dirname, "../node_modules/.cache/compiled"))
const { start } = await import("./Program.ts")
start()
