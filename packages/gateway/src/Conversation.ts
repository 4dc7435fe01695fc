/**
 * What a conversation is known by from one request to the next, and whether it brings what only the account that made it can read.
 * Clients say it in headers of their own, in the body, or not at all: then the conversation's first words tell. Pure.
 */
import { digest } from "@sluice/protocol/CallIds"
import { type Part, textOf } from "@sluice/protocol/CanonicalPart"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import { type DialectId, isObject } from "@sluice/protocol/Wire"
import type { Principal } from "./Principal.ts"

/**
 * Headers by which clients name their conversation, the most particular first. `x-client-request-id` is not among them although some
 * put a conversation there: most put a new value into every request, which would bind each request by itself.
 */
export const sessionHeaders: ReadonlyArray<string> = [
  "x-session-affinity",
  "x-session-id",
  "x-claude-code-session-id",
  "session-id",
  "session_id",
  "conversation-id",
  "conversation_id",
  "thread-id"
]

/** Letters of the system prompt and of the first question that tell conversations apart. */
const toldApart = 100

/** The session in a user's name, where an agent has put it: `user_…_account_…_session_…`, or JSON with a `session_id`. */
const inUser = (user: string | undefined): string | undefined =>
  user === undefined ? undefined : /(?:_session_|"session_id"\s*:\s*")([\w-]{8,})/.exec(user)?.[1]

const idOf = (conversation: CanonicalRequest["conversation"]): string | undefined =>
  typeof conversation === "string" ? conversation : isObject(conversation) && typeof conversation["id"] === "string" ? conversation["id"] : undefined

const said = (parts: ReadonlyArray<Part> | undefined): string => parts === undefined ? "" : textOf(parts).slice(0, toldApart)

/** The first words: of the instructions, and of the user. */
const byWords = ({ instructions, turns }: CanonicalRequest): string | undefined => {
  const question = said(turns.find(({ role }) => role === "user")?.parts)
  return question === "" ? undefined : digest(`${said(instructions?.[0]?.parts)}\u0000${question}`)
}

/**
 * What a conversation is known by, scoped by who asks; undefined where nothing tells. Headers first, then the body's own words for it
 * (`metadata.session_id`, the user, the key of the prompt cache, the conversation), then a digest of its beginning.
 */
export const sessionOf = (
  { id, tenant }: Principal,
  headers: { readonly [name: string]: string | undefined },
  request: () => CanonicalRequest
): string | undefined => {
  const scoped = (kind: string, name: string): string => JSON.stringify([tenant ?? null, id, kind, name])
  for (const header of sessionHeaders) {
    const name = headers[header]
    if (name !== undefined && name !== "") return scoped("header", name.slice(0, 256))
  }
  const asked = request()
  const told = asked.metadata?.["session_id"] ?? inUser(asked.user ?? asked.metadata?.["user_id"]) ?? asked.cacheKey ?? idOf(asked.conversation)
  if (told !== undefined && told !== "") return scoped("body", told.slice(0, 256))
  const words = byWords(asked)
  return words === undefined ? undefined : scoped("words", words)
}

/** Whether a request brings signatures or encrypted thinking of a protocol. */
export const carriesProofs = ({ turns }: CanonicalRequest, by: DialectId): boolean =>
  turns.some(({ parts }) => parts.some((part) => ("signature" in part && part.signature?.by === by) || ("encrypted" in part && part.encrypted?.by === by)))
