/** The reference server as a library: for a program of one's own that adds parts and commands to it. */
export { configFlag, loadConfig } from "./commands/LoadConfig.ts"
export { withCredentials } from "./commands/Login.ts"
export type { Config } from "./Config.ts"
export type { Parts, Plugin } from "./Plugin.ts"
export { start } from "./Program.ts"
