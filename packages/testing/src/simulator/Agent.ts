/**
 * The scenario `agent`: a model that serves a coding agent. When the request offers a tool that can write files, it is
 * called once to create the file the prompt names; after the tool's result a short text ends the turn. Requests without
 * such a prompt (titles, summaries) get the short text at once. Where thinking is on, a thought comes first.
 */
import { callSteps, ending, nameOf, type PlannedCall, reasoningSteps, sampleThought, textSteps } from "./Content.ts"
import type { Facts, OfferedTool } from "./Facts.ts"
import { arrayOf, isObject, type JsonObject, objectOf } from "./Json.ts"
import { sampleValue } from "./SampleValue.ts"
import type { ScriptOf } from "./Scripts.ts"

/** The file a prompt asks for. */
export interface WantedFile {
  readonly path: string
  readonly content: string
}

const unquoted = (text: string): string => /^(["'`])([^]*)\1$/.exec(text)?.[2] ?? text

/**
 * The last "… file PATH … content CONTENT" of a prompt, both on one line, either in quotes where it has white space.
 * Content without quotes reaches to the end of the line.
 */
export const wantedFile = (prompt: string): WantedFile | undefined => {
  const pattern =
    /\bfile:?\s+(?:named\s+|called\s+|at\s+)?("[^"\n]+"|'[^'\n]+'|`[^`\n]+`|[^\s"'`]+)[^\n]*?\bcontents?:?\s+("[^"\n]*"|'[^'\n]*'|`[^`\n]*`|[^\n]+)/gi
  const [, path, content] = [...prompt.matchAll(pattern)].at(-1) ?? []
  return path === undefined || content === undefined ? undefined : { path: unquoted(path).replace(/[,;]$/, ""), content: unquoted(content.trimEnd()) }
}

/** Names of tools that write files, best first: whole files, editors with commands, patches, shells; a flat name has its namespace before it. */
const writers: ReadonlyArray<RegExp> = [
  /^(\w+__)?(write|write_?file|create_?file|write_to_file)$/i,
  /^(\w+__)?str_replace_based_edit_tool$/i,
  /^(\w+__)?apply_?patch$/i,
  /^(\w+__)?(shell|bash|exec|exec_?command|run_?shell_?command|local_shell|run_?command)$/i
]

const patchOf = ({ path, content }: WantedFile): string => {
  const lines = content.split("\n").map((line) => `+${line}\n`)
  return `*** Begin Patch\n*** Add File: ${path}\n${lines.join("")}*** End Patch\n`
}

/** A program for a tool that runs JavaScript and has the agent's other tools in it, as Codex offers to its newest models. */
const programOf = (file: WantedFile): string => `text(await tools.apply_patch(${JSON.stringify(patchOf(file))}))`

/** What a tool that takes free text is told. */
const freeTextOf = (tool: OfferedTool, file: WantedFile): string => /\bJavaScript\b/.test(tool.description ?? "") ? programOf(file) : patchOf(file)

const shellQuoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

const commandOf = ({ path, content }: WantedFile): string =>
  `mkdir -p "$(dirname ${shellQuoted(path)})" && printf %s ${shellQuoted(content)} > ${shellQuoted(path)}`

const isList = (schema: JsonObject): boolean => schema["type"] === "array" || arrayOf(schema["type"]).includes("array")

/** What a property of a writing tool should say, by its name; undefined where its schema alone decides. */
const meant = (name: string, schema: JsonObject, file: WantedFile, freeText: string): unknown => {
  if (/^(absolute_?|target_?|relative_?workspace_?)?(file_?)?(path|name)$|^file$/i.test(name)) return file.path
  if (/^(file_?)?(contents?|text)$|^code_edit$|^body$/i.test(name)) return file.content
  if (/^(input|patch|patch_?text|diff)$/i.test(name)) return freeText
  if (name === "command" && arrayOf(schema["enum"]).includes("create")) return "create"
  if (!/^(command|cmd|script)$/i.test(name)) return undefined
  return isList(schema) ? ["bash", "-c", commandOf(file)] : commandOf(file)
}

/** A value that fits the tool's schema and, in the properties whose names say so, creates the file. */
export const writingArguments = (schema: JsonObject, file: WantedFile, freeText = patchOf(file)): JsonObject => {
  const required = objectOf(sampleValue(schema))
  const offered = Object.entries(objectOf(schema["properties"])).flatMap(([name, property]): ReadonlyArray<readonly [string, unknown]> => {
    const value = meant(name, objectOf(property), file, freeText)
    return value === undefined ? [] : [[name, value]]
  })
  return { ...required, ...Object.fromEntries(offered) }
}

const writerOf = (facts: Facts): OfferedTool | undefined => {
  if (facts.toolChoice === "none") return undefined
  for (const pattern of writers) {
    const tool = facts.tools.find((candidate) => pattern.test(candidate.name) && (candidate.custom === true || isObject(candidate.schema["properties"])))
    if (tool !== undefined) return tool
  }
  return undefined
}

const writing = (tool: OfferedTool, file: WantedFile): PlannedCall => ({
  ...nameOf(tool),
  arguments: tool.custom === true ? freeTextOf(tool, file) : JSON.stringify(writingArguments(tool.schema, file, freeTextOf(tool, file)))
})

/** One call that writes the file the prompt names, then a short text. */
export const agent: ScriptOf = function*(context) {
  const { facts } = context
  const file = wantedFile(facts.lastUserText)
  const tool = facts.lastIsToolResult || file === undefined ? undefined : writerOf(facts)
  yield { type: "start" }
  if (facts.reasoning) yield* reasoningSteps(context, sampleThought)
  if (tool !== undefined && file !== undefined) {
    yield* callSteps(context, [writing(tool, file)], false)
    return yield* ending("tool-calls")
  }
  yield* textSteps(facts.lastIsToolResult ? "The file is written." : "There is nothing to do.")
  yield* ending("stop")
}
