/**
 * Folders of dialects have the same listing, so that siblings are read side by side and a new one is written by copying the
 * listing. What a protocol needs beyond it is declared here.
 */
import { describe, expect, it } from "vitest"
import { files, packages } from "../Repository.ts"

/** The files every dialect has. docs/architecture.md says what is in each. */
const listing = [
  "Bytes.ts",
  "Count.ts",
  "Crossing.ts",
  "Dialect.ts",
  "Errors.ts",
  "EventDecoder.ts",
  "EventEncoder.ts",
  "Finish.ts",
  "Media.ts",
  "Models.ts",
  "Parts.ts",
  "Reasoning.ts",
  "Request.ts",
  "Response.ts",
  "Tools.ts",
  "Turns.ts",
  "Usage.ts",
  "Wire.ts"
]

/** The files of a folder of embeddings, which are a part of the dialects beside it. */
const embeddings = ["Embed.ts", "Request.ts", "Response.ts", "Wire.ts"]

/** What a protocol has beyond the listing, because it has something the others have not. */
const extras: { readonly [folder: string]: ReadonlyArray<string> } = {
  "packages/openai/src/chat": [
    "Annotations.ts",
    "CallDecoder.ts",
    "Calls.ts",
    "ChoiceDecoder.ts",
    "Choices.ts",
    "Delta.ts",
    "Draft.ts",
    "Marks.ts",
    "Messages.ts",
    "Rebase.ts",
    "WireAnswer.ts"
  ],
  "packages/openai/src/responses": [
    "Annotations.ts",
    "Blocks.ts",
    "Draft.ts",
    "Envelope.ts",
    "ItemDecoder.ts",
    "Items.ts",
    "Output.ts",
    "Restated.ts"
  ],
  "packages/anthropic/src/messages": [
    "Answers.ts",
    "BlockEncoder.ts",
    "Blocks.ts",
    "Cache.ts",
    "CacheMarks.ts",
    "Capabilities.ts",
    "Citations.ts",
    "Content.ts",
    "Fit.ts",
    "Limits.ts",
    "Output.ts",
    "Proofs.ts",
    "Rounds.ts",
    "Schemas.ts",
    "ToolResults.ts",
    "Whole.ts"
  ],
  "packages/gemini/src/generate": [
    "Annotations.ts",
    "Arguments.ts",
    "Capabilities.ts",
    "ChoiceDecoder.ts",
    "Content.ts",
    "Draft.ts",
    "Edited.ts",
    "Generation.ts",
    "Ids.ts",
    "Keys.ts",
    "Output.ts",
    "Rebase.ts",
    "Schemas.ts",
    "ToolResults.ts"
  ]
}

const allFolders = packages.flatMap((name) => {
  const inside = files().filter((path) => path.startsWith(`packages/${name}/src/`) && path.endsWith("/Wire.ts"))
  return inside.map((path) => path.slice(0, -"/Wire.ts".length)).filter((folder) => folder !== `packages/${name}/src`)
})

const isOfEmbeddings = (folder: string): boolean => folder.endsWith("/embeddings")
const folders = allFolders.filter((folder) => !isOfEmbeddings(folder))

const listingOf = (folder: string): ReadonlyArray<string> =>
  files().filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1)).toSorted()

describe("the folders of the dialects", () => {
  it("are those that declare what they have beyond the listing", () => {
    expect(folders.toSorted()).toEqual(Object.keys(extras).toSorted())
  })

  it("have the same listing", () => {
    const found = folders.map((folder) => [folder, listingOf(folder)])
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(folders.map((folder) => [folder, [...listing, ...(extras[folder] ?? [])].toSorted()])))
  })

  it("have embeddings in folders of one listing", () => {
    const found = allFolders.filter(isOfEmbeddings)
    expect(found).toEqual(["packages/gemini/src/embeddings", "packages/openai/src/embeddings"])
    for (const folder of found) expect(listingOf(folder)).toEqual(embeddings)
  })
})
