/**
 * Writes the reference of the management API from the API itself: the page for people, and the document for programs. Pure text;
 * `npm run docs` puts both in their places, and a test holds them there.
 */
import { document } from "./Api.ts"

interface Operation {
  readonly summary?: string
  readonly tags?: ReadonlyArray<string>
  readonly responses?: { readonly [status: string]: unknown }
}

/** The text of docs/reference/admin-api.json. */
export const json = (): string => `${JSON.stringify(document(), null, 2)}\n`

const isOperation = (value: unknown): value is Operation => typeof value === "object" && value !== null && "responses" in value

const operations = (): ReadonlyArray<readonly [line: string, operation: Operation]> =>
  Object.entries(document().paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, operation]: readonly [string, unknown]): ReadonlyArray<readonly [string, Operation]> =>
      isOperation(operation) ? [[`${method.toUpperCase()} ${path}`, operation]] : []
    )
  )

/** What an operation answers when it does not do what it was asked. */
const refusals = ({ responses = {} }: Operation): string =>
  Object.keys(responses).filter((status) => Number(status) >= 400 && !["400", "401", "500"].includes(status)).join(", ")

/** The text of docs/reference/admin-api.md. */
export const page = (): string => {
  const all = operations()
  return [
    "# Management API",
    "This page is generated from the API itself (`npm run docs`). The whole of it, with every schema, is in [admin-api.json](admin-api.json); a running server serves the same at `/openapi.json`, and a page to try it at `/docs`.",
    [
      "- Every path under `/admin` asks for the operator's token as `Authorization: Bearer TOKEN`, whether there is something or not. A server in mode `open` is read by its machine without it, and written with it only.",
      "- Errors are RFC 9457 problems (`application/problem+json`). 400: what was sent does not fit, with the places; 401: the token; 403: a page of another origin; 421: another host name.",
      "- What parts contribute is under `/admin/extensions/<id>/…` and `/admin/resources/<id>/…`; its document is `/openapi.json?extension=<id>`."
    ].join("\n"),
    ...(document().tags ?? []).flatMap(({ description, name }) => [
      `## ${name}`,
      description ?? "",
      all.filter(([, { tags }]) => tags?.includes(name) === true).map(([line, operation]) => {
        const refused = refusals(operation)
        return `- \`${line}\`: ${operation.summary ?? ""}.${refused === "" ? "" : ` Refuses with ${refused}.`}`
      }).join("\n")
    ])
  ].join("\n\n") + "\n"
}
