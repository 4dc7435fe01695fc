/** Many callers at once for what is enough for a few: against one gateway or several that share their limits, by their addresses alone. */
import { Effect } from "effect"

/** How a contest ended. */
export interface Result {
  /** How many requests had each status. */
  readonly byStatus: { readonly [status: number]: number }
  /** The bodies of those that were refused. */
  readonly refusals: ReadonlyArray<string>
}

/** What is asked. */
export interface Contest {
  /** Base URLs of the gateways, which take turns. */
  readonly urls: ReadonlyArray<string>
  readonly key: string
  readonly model: string
  readonly requests: number
}

/** Sends all requests at the same time and waits for all answers. */
export const run = ({ key, model, requests, urls }: Contest): Effect.Effect<Result> =>
  Effect.promise(async () => {
    const answers = await Promise.all(Array.from({ length: requests }, async (_, index) => {
      const response = await fetch(`${urls[index % urls.length]}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify({ model, max_tokens: 100, messages: [{ role: "user", content: `Hello ${index}` }] })
      })
      return { status: response.status, text: await response.text() }
    }))
    const byStatus: { [status: number]: number } = {}
    for (const { status } of answers) byStatus[status] = (byStatus[status] ?? 0) + 1
    return { byStatus, refusals: answers.flatMap(({ status, text }) => status === 200 ? [] : [text]) }
  })
