/**
 * The fold between the two modes: `collect` makes the whole answer from its events, `unfold` makes events from a whole
 * answer, and collecting what was unfolded gives the same answer back.
 */
import type { Annotation } from "./CanonicalAnnotation.ts"
import type { BlockKind, BlockStartEvent, CanonicalEvent, FinishEvent, ForeignEvent, Frame } from "./CanonicalEvent.ts"
import type { Finish } from "./CanonicalFinish.ts"
import type { MediaPart, Part, Sealed } from "./CanonicalPart.ts"
import type { AnswerPart, CanonicalResponse, Choice } from "./CanonicalResponse.ts"
import { merge, type Usage } from "./CanonicalUsage.ts"
import type { Failure } from "./GatewayError.ts"

/** A block while it is being collected. Deltas are kept as pieces and joined once. */
interface Block {
  readonly start: BlockStartEvent
  readonly text: Array<string>
  readonly data: Array<string>
  readonly transcript: Array<string>
  mime: string | undefined
  signature: Sealed | undefined
  encrypted: Sealed | undefined
  final: Part | undefined
  readonly annotations: Array<Annotation>
}

interface Open {
  readonly blocks: Array<Block>
  finish: Finish | undefined
  readonly annotations: Array<Annotation>
}

const media = (block: Block): MediaPart => {
  const mime = block.mime
  const type = mime?.startsWith("image/") === true
    ? "image"
    : mime?.startsWith("video/") === true
    ? "video"
    : mime?.startsWith("application/") === true
    ? "document"
    : "audio"
  const transcript = block.transcript.join("")
  return {
    type,
    source: { type: "base64", data: block.data.join(""), ...(mime === undefined ? {} : { mime }) },
    ...(transcript === "" ? {} : { transcript })
  }
}

const content = (block: Block): Part => {
  const { start } = block
  const text = block.text.join("")
  if (start.kind === "tool-call" && start.call !== undefined) return { type: "tool-call", ...start.call, arguments: text }
  switch (start.kind) {
    case "reasoning":
      return { type: "reasoning", form: start.form ?? "raw", text }
    case "refusal":
      return { type: "refusal", text }
    case "media":
      return media(block)
    case "server-tool":
    case "foreign":
      if (start.native !== undefined) return { type: "foreign", ...start.native }
      break
    default:
      break
  }
  return { type: "text", text, ...(block.annotations.length === 0 ? {} : { annotations: block.annotations }) }
}

const toPart = (block: Block): AnswerPart => {
  const part: Part = block.final ?? {
    ...content(block),
    ...(block.signature === undefined ? {} : { signature: block.signature }),
    ...(block.encrypted === undefined ? {} : { encrypted: block.encrypted })
  }
  return {
    part,
    ...(block.start.item === undefined ? {} : { item: block.start.item }),
    ...(block.start.partIndex === undefined ? {} : { partIndex: block.start.partIndex })
  }
}

const toFinish = (event: FinishEvent): Finish => {
  const { choice: _, type: __, ...finish } = event
  return finish
}

/** Folds events into the whole answer. Only legal sequences have a meaning; deltas of unknown blocks are ignored. */
export const collect = (events: Iterable<CanonicalEvent>): CanonicalResponse => {
  const choices = new Map<number, Open>()
  const annotations: Array<Annotation> = []
  const foreignEvents: Array<ForeignEvent> = []
  let head: Pick<CanonicalResponse, "id" | "model" | "created"> = {}
  let usage: Usage | undefined
  let failure: Failure | undefined

  const choiceAt = (index: number): Open => {
    const known = choices.get(index)
    if (known !== undefined) return known
    const opened: Open = { blocks: [], finish: undefined, annotations: [] }
    choices.set(index, opened)
    return opened
  }
  const blockAt = (event: { readonly choice: number; readonly index: number }): Block | undefined => choiceAt(event.choice).blocks[event.index]

  /** Only text carries annotations of its own; what is said about other blocks is said about the choice. */
  const annotationsOf = (choice: number, index: number): Array<Annotation> => {
    const block = blockAt({ choice, index })
    return block?.start.kind === "text" ? block.annotations : choiceAt(choice).annotations
  }

  for (const event of events) {
    switch (event.type) {
      case "start": {
        const { type: _, ...facts } = event
        head = facts
        break
      }
      case "block-start":
        choiceAt(event.choice).blocks[event.index] = {
          start: event,
          text: [],
          data: [],
          transcript: [],
          mime: undefined,
          signature: undefined,
          encrypted: undefined,
          final: undefined,
          annotations: []
        }
        break
      case "text-delta":
      case "reasoning-delta":
      case "tool-arguments-delta":
        blockAt(event)?.text.push(event.text)
        break
      case "media-delta": {
        const block = blockAt(event)
        if (block === undefined) break
        block.mime ??= event.mime
        if (event.data !== undefined) block.data.push(event.data)
        if (event.transcript !== undefined) block.transcript.push(event.transcript)
        break
      }
      case "signature": {
        const block = blockAt(event)
        if (block !== undefined) block.signature = event.signature
        break
      }
      case "encrypted": {
        const block = blockAt(event)
        if (block !== undefined) block.encrypted = event.encrypted
        break
      }
      case "block-end": {
        const block = blockAt(event)
        if (block !== undefined) block.final = event.final
        break
      }
      case "annotation":
        if (event.choice === undefined) annotations.push(event.annotation)
        else if (event.index === undefined) choiceAt(event.choice).annotations.push(event.annotation)
        else annotationsOf(event.choice, event.index).push(event.annotation)
        break
      case "usage":
        usage = merge(usage ?? {}, event.usage)
        break
      case "finish":
        choiceAt(event.choice).finish = toFinish(event)
        break
      case "foreign":
        foreignEvents.push(event)
        break
      case "error":
        failure = event.failure
        break
      case "ping":
      case "end":
        break
    }
  }

  return {
    ...head,
    choices: [...choices].sort(([left], [right]) => left - right).map(([index, choice]): Choice => ({
      index,
      parts: choice.blocks.map(toPart),
      annotations: choice.annotations,
      ...(choice.finish === undefined ? {} : { finish: choice.finish })
    })),
    annotations,
    foreignEvents,
    ...(usage === undefined ? {} : { usage }),
    ...(failure === undefined ? {} : { failure })
  }
}

/** Folds the events of frames. */
export const collectFrames = (frames: Iterable<Frame>): CanonicalResponse => collect([...frames].flatMap((frame) => frame.events))

const kindOf = (part: Part): BlockKind => {
  switch (part.type) {
    case "text":
    case "reasoning":
    case "tool-call":
    case "refusal":
      return part.type
    case "image":
    case "document":
    case "audio":
    case "video":
      return "media"
    default:
      return "foreign"
  }
}

const isStreamable = (part: MediaPart): boolean =>
  part.source.type === "base64" && part.transcript !== "" && Object.keys(part).every((key) =>
    key === "type" || key === "source" || key === "transcript" || key === "signature" || key === "encrypted"
  ) &&
  content({ ...emptyBlock, mime: part.source.mime }).type === part.type

const emptyBlock: Block = {
  start: { type: "block-start", choice: 0, index: 0, kind: "media" },
  text: [],
  data: [],
  transcript: [],
  mime: undefined,
  signature: undefined,
  encrypted: undefined,
  final: undefined,
  annotations: []
}

/** The events of one part between its start and its end, and what the end must restate because no delta can say it. */
const inside = (
  part: Part,
  at: { readonly choice: number; readonly index: number }
): { readonly events: ReadonlyArray<CanonicalEvent>; readonly final?: Part } => {
  const text = (type: "text-delta" | "reasoning-delta" | "tool-arguments-delta", value: string): ReadonlyArray<CanonicalEvent> =>
    value === "" ? [] : [{ type, ...at, text: value }]
  const sealed: ReadonlyArray<CanonicalEvent> = [
    ...(part.signature === undefined ? [] : [{ type: "signature" as const, ...at, signature: part.signature }]),
    ...(part.encrypted === undefined ? [] : [{ type: "encrypted" as const, ...at, encrypted: part.encrypted }])
  ]
  if (part.cache !== undefined) return { events: sealed, final: part }
  switch (part.type) {
    case "text":
      return {
        events: [
          ...text("text-delta", part.text),
          ...(part.annotations ?? []).map((annotation): CanonicalEvent => ({ type: "annotation", ...at, annotation })),
          ...sealed
        ]
      }
    case "refusal":
      return { events: [...text("text-delta", part.text), ...sealed] }
    case "reasoning":
      return { events: [...text("reasoning-delta", part.text), ...sealed] }
    case "tool-call":
      return { events: [...text("tool-arguments-delta", part.arguments), ...sealed] }
    case "image":
    case "document":
    case "audio":
    case "video": {
      if (!isStreamable(part) || part.source.type !== "base64") return { events: sealed, final: part }
      const { data, mime } = part.source
      const delta: CanonicalEvent = {
        type: "media-delta",
        ...at,
        ...(mime === undefined ? {} : { mime }),
        ...(data === "" ? {} : { data }),
        ...(part.transcript === undefined ? {} : { transcript: part.transcript })
      }
      return { events: [delta, ...sealed] }
    }
    case "foreign":
      return { events: sealed }
    default:
      return { events: sealed, final: part }
  }
}

const unfoldPart = ({ part, item, partIndex }: AnswerPart, choice: number, index: number): ReadonlyArray<CanonicalEvent> => {
  const at = { choice, index }
  const { events, final } = inside(part, at)
  const start: BlockStartEvent = {
    type: "block-start",
    ...at,
    kind: kindOf(part),
    ...(part.type === "tool-call"
      ? { call: { kind: part.kind, id: part.id, name: part.name, ...(part.namespace === undefined ? {} : { namespace: part.namespace }) } }
      : {}),
    ...(part.type === "reasoning" ? { form: part.form } : {}),
    ...(part.type === "foreign" ? { native: { dialect: part.dialect, name: part.name, value: part.value } } : {}),
    ...(item === undefined ? {} : { item }),
    ...(partIndex === undefined ? {} : { partIndex })
  }
  return [start, ...events, { type: "block-end", ...at, ...(final === undefined ? {} : { final }) }]
}

/** The events of a whole answer, in the order in which a stream would bring them. */
export const unfold = (response: CanonicalResponse): ReadonlyArray<CanonicalEvent> => [
  {
    type: "start",
    ...(response.id === undefined ? {} : { id: response.id }),
    ...(response.model === undefined ? {} : { model: response.model }),
    ...(response.created === undefined ? {} : { created: response.created })
  },
  ...response.foreignEvents,
  ...response.choices.flatMap((choice): ReadonlyArray<CanonicalEvent> => [
    ...choice.parts.flatMap((part, index) => unfoldPart(part, choice.index, index)),
    ...choice.annotations.map((annotation): CanonicalEvent => ({ type: "annotation", choice: choice.index, annotation })),
    ...(choice.finish === undefined ? [] : [{ type: "finish" as const, choice: choice.index, ...choice.finish }])
  ]),
  ...response.annotations.map((annotation): CanonicalEvent => ({ type: "annotation", annotation })),
  ...(response.usage === undefined ? [] : [{ type: "usage" as const, usage: response.usage }]),
  response.failure === undefined ? { type: "end" } : { type: "error", failure: response.failure }
]
