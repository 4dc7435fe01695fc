/** The `plugins` section: modules of one's own that add parts and commands to the server. */
import { required, section, text } from "./Fields.ts"

/** One module. */
export const plugin = section({
  module: required(
    text,
    "The path of a module, relative to this file. Its default export is a Layer of parts, or `{ parts, commands }`. It is code that runs in the server, loaded once at its start."
  )
})
