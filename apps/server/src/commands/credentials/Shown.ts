/** How a credential is shown: a line of JSON, or a row of a table. Secrets are not among what its status says. */
import type { CredentialStatus } from "@sluice/gateway/credentials/CredentialStatus"
import { present } from "@sluice/protocol/Json"
import { columns } from "../Columns.ts"

const iso = (time: number | undefined): string | undefined => time === undefined ? undefined : new Date(time).toISOString()

/** One line of JSON. */
export const toLine = ({ expiresAt, lastRefresh, nextRefresh, ...rest }: CredentialStatus): string =>
  JSON.stringify({ ...rest, ...present({ expiresAt: iso(expiresAt), lastRefresh: iso(lastRefresh), nextRefresh: iso(nextRefresh) }) })

/** A table for a terminal, with the reasons of what has failed below it. */
export const toTable = (all: ReadonlyArray<CredentialStatus>): ReadonlyArray<string> => [
  ...columns([
    ["PROVIDER", "ID", "SOURCE", "STATE", "ACCOUNT", "EXPIRES"],
    ...all.map(({ account, expiresAt, id, provider, source, state }) => [provider, id, source, state, account ?? "", iso(expiresAt)?.slice(0, 19) ?? ""])
  ]),
  ...all.flatMap(({ id, provider, reason }) => reason === undefined ? [] : ["", `${provider} ${id}: ${reason}`])
]
