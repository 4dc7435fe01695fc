/** Tools of every type, and choices among them. */
import type { CustomTool, FunctionTool, NamespaceTool, Tool, ToolChoice } from "@sluice/protocol/CanonicalRequest"
import { present } from "@sluice/protocol/Json"
import type { Draw } from "./Draw.ts"
import * as JsonValues from "./JsonValues.ts"
import * as Parts from "./Parts.ts"
import * as Texts from "./Texts.ts"
import type { Vocabulary } from "./Vocabulary.ts"

const functionTool = (draw: Draw): FunctionTool =>
  present({
    type: "function" as const,
    name: Texts.toolName(draw),
    description: draw.maybe(70, () => Texts.text(draw)),
    parameters: draw.maybe(85, () => JsonValues.objectSchema(draw)),
    strict: draw.maybe(20, () => draw.chance(70)),
    deferred: draw.maybe(5, () => true),
    cache: draw.maybe(6, () => Parts.cache(draw))
  })

const customTool = (draw: Draw): CustomTool =>
  present({
    type: "custom" as const,
    name: Texts.toolName(draw),
    description: draw.maybe(60, () => Texts.text(draw)),
    grammar: draw.maybe(40, () => ({ syntax: draw.pick(["lark", "regex"]), definition: "start: /a+/" }))
  })

/** Now and then both names are as long as they may be: together they are longer than any protocol's names. */
const namespace = (draw: Draw): NamespaceTool => {
  const tools = draw.list(1, 2, () => draw.chance(70) ? functionTool(draw) : customTool(draw))
  const isLong = draw.chance(15)
  return present({
    type: "namespace" as const,
    name: isLong ? Texts.longToolName(draw) : Texts.toolName(draw),
    description: draw.maybe(50, () => Texts.text(draw)),
    tools: isLong ? tools.map((inner) => ({ ...inner, name: Texts.longToolName(draw) })) : tools
  })
}

const tool = (draw: Draw, vocabulary: Vocabulary): Tool => {
  switch (draw.below(10)) {
    case 7:
      return customTool(draw)
    case 8:
      return draw.chance(50)
        ? namespace(draw)
        : customTool(draw)
    case 9:
      return vocabulary.tools[draw.below(vocabulary.tools.length)] ?? functionTool(draw)
    default:
      return functionTool(draw)
  }
}

/** One to four tools with different names. */
export const tools = (draw: Draw, vocabulary: Vocabulary): ReadonlyArray<Tool> => draw.list(1, 4, () => tool(draw, vocabulary))

/** The names a call may use. */
export const namesOf = (tools: ReadonlyArray<Tool>): ReadonlyArray<string> =>
  tools.flatMap((tool) => tool.type === "function" || tool.type === "custom" ? [tool.name] : [])

/** A choice that the tools allow. */
export const choice = (draw: Draw, tools: ReadonlyArray<Tool>, vocabulary: Vocabulary): ToolChoice => {
  const callable = tools.flatMap((tool) => tool.type === "function" || tool.type === "custom" ? [tool] : [])
  const chosen = callable[draw.below(callable.length)]
  switch (draw.below(chosen === undefined ? 3 : 7)) {
    case 1:
      return { type: "none" }
    case 2:
      return { type: "required" }
    case 3:
    case 4:
      return chosen === undefined ? { type: "auto" } : { type: "named", kind: chosen.type, name: chosen.name }
    case 5:
      return chosen === undefined ? { type: "auto" } : { type: "allowed", mode: draw.pick(["auto", "required"]), names: [chosen.name] }
    case 6:
      return vocabulary.toolChoices[draw.below(vocabulary.toolChoices.length)] ?? { type: "auto" }
    default:
      return { type: "auto" }
  }
}
