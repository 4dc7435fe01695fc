/** The URL of a PostgreSQL database: what of it may be shown, and what it leaves to be filled in. */
import { userInfo } from "node:os"

/** Which database a URL means, without its secrets: for messages. */
export const place = (url: string): string => {
  const { host, pathname } = parsed(url) ?? { host: "…", pathname: "" }
  return `postgres://${host}${pathname}`
}

/** The URL with who connects, as PostgreSQL's own programs find it where nobody is named. */
export const withUser = (url: string): string => {
  const named = parsed(url)
  if (named === undefined || named.username !== "" || named.searchParams.has("user")) return url
  named.username = encodeURIComponent(process.env["PGUSER"] ?? userInfo().username)
  return named.href
}

const parsed = (url: string): URL | undefined => URL.canParse(url) ? new URL(url) : undefined
