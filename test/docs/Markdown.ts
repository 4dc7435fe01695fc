/** The documents of the project as their tests see them: pages, their code blocks, their links and headings. */
import { files, read } from "../Repository.ts"

/** A fenced block of code. */
export interface Block {
  readonly page: string
  /** Line of the opening fence, from 1. */
  readonly line: number
  readonly language: string
  /** Words behind the language: `run` marks shell blocks that a test runs, `file=Name.ts` a file that other blocks of the page import. */
  readonly marks: ReadonlyArray<string>
  readonly code: string
}

/** Every page, by its path from the root. */
export const pages: ReadonlyArray<string> = files().filter((path) => path.endsWith(".md") && !path.startsWith(".changeset/") && !path.endsWith("CHANGELOG.md"))

/** The code blocks of a page, in order. */
export const blocks = (page: string): ReadonlyArray<Block> => {
  const found: Array<Block> = []
  let open: { readonly line: number; readonly info: ReadonlyArray<string>; readonly lines: Array<string> } | undefined
  for (const [index, line] of read(page).split("\n").entries()) {
    const fence = /^```(.*)$/.exec(line)
    if (fence === null) open?.lines.push(line)
    else if (open === undefined) open = { line: index + 1, info: (fence[1] ?? "").trim().split(/\s+/).filter((word) => word !== ""), lines: [] }
    else {
      found.push({ page, line: open.line, language: open.info[0] ?? "", marks: open.info.slice(1), code: `${open.lines.join("\n")}\n` })
      open = undefined
    }
  }
  return found
}

/** The file that a block is, where it is one. */
export const fileOf = ({ marks }: Block): string | undefined => marks.find((mark) => mark.startsWith("file="))?.slice("file=".length)

/** All blocks of a language. */
export const blocksIn = (language: string): ReadonlyArray<Block> => pages.flatMap(blocks).filter((block) => block.language === language)

const prose = (page: string): string => read(page).replaceAll(/^```[\s\S]*?^```/gm, "").replaceAll(/`[^`\n]*`/g, "")

/** Links to files of the repository, with the anchor behind `#`. */
export const links = (page: string): ReadonlyArray<{ readonly path: string; readonly anchor: string | undefined }> =>
  [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = "", anchor] = target.split("#", 2)
      return { path: path === "" ? page : new URL(path, `file:///${page}`).pathname.slice(1), anchor }
    })

/** The anchors of a page's headings, as GitHub makes them. */
export const anchors = (page: string): ReadonlySet<string> =>
  new Set(
    [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").trim().replaceAll(" ", "-"))
  )
