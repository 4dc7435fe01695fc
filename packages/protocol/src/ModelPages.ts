/**
 * Pages of a model list, for protocols that have pages: cut out around a cursor, which is the id of a listed model. How a page
 * is asked for and told is each dialect's own.
 */
import type { ListedModel } from "./Dialect.ts"

/** Models that are listed together. */
export interface ModelPage {
  readonly models: ReadonlyArray<ListedModel>
  /** There are more in the direction in which the list is read. */
  readonly hasMore: boolean
}

/** The most models a page has, and how many it has where none are asked for: what Anthropic's and Google's specifications allow. */
export const mostOnPage = 1_000

/** The page of at most `limit` models after or before the cursor, from the beginning without one; `undefined` where no such model is listed. */
export const cut = (
  models: ReadonlyArray<ListedModel>,
  { after, before, limit }: { readonly after?: string | undefined; readonly before?: string | undefined; readonly limit: number }
): ModelPage | undefined => {
  const cursor = after ?? before
  const at = cursor === undefined ? -1 : models.findIndex(({ id }) => id === cursor)
  if (cursor !== undefined && at < 0) return undefined
  if (before !== undefined) return { models: models.slice(Math.max(0, at - limit), at), hasMore: at > limit }
  return { models: models.slice(at + 1, at + 1 + limit), hasMore: models.length > at + 1 + limit }
}
