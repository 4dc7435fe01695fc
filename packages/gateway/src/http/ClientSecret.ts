/**
 * Finds the secret a client sent, in whatever header its protocol or SDK uses. A header that is there but empty counts as
 * absent.
 */
import type { Dialect } from "@sluice/protocol/Dialect"

type Headers = { readonly [name: string]: string | undefined }

const startsWith = (value: string, prefix: string): boolean => value.slice(0, prefix.length).toLowerCase() === prefix.toLowerCase()

/** The first secret under the dialect's own headers, then under those of the other dialects (some clients mix them). */
export const find = (headers: Headers, own: Dialect, all: ReadonlyArray<Dialect>): string | undefined => {
  for (const dialect of [own, ...all]) {
    for (const { header, prefix } of dialect.credential.accepts) {
      const value = headers[header]
      if (value === undefined || !startsWith(value, prefix)) continue
      const secret = value.slice(prefix.length).trim()
      if (secret !== "") return secret
    }
  }
  return undefined
}
