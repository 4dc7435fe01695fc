// The page docs/reference/errors.md, made from the policy table of the protocol package.
import { errorClasses, type ErrorPolicy, policyOf } from "../packages/protocol/src/GatewayError.ts"

const yes = (value: boolean): string => value ? "yes" : "no"

const statusCell = ({ masked, status }: ErrorPolicy): string => `${status === "keep" ? "the provider's" : status}${masked === true ? ", details masked" : ""}`

const rows = errorClasses.map((name) => {
  const policy = policyOf(name)
  return [`\`${name}\``, statusCell(policy), `\`${policy.code}\``, policy.scope, yes(policy.sameTarget), yes(policy.otherTarget), yes(policy.breaker)]
})

const heading = ["class", "HTTP status", "code", "whose fault", "same target again", "other target", "counts against the provider"]

/** A Markdown table with aligned columns, as the formatter writes it. */
const table = (lines: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = heading.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const write = (line: ReadonlyArray<string>): string => `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`
  const [first = [], ...rest] = lines
  return [write(first), write(widths.map((width) => "-".repeat(width))), ...rest.map(write)].join("\n")
}

/** The page. */
export const errorsReference = (): string =>
  `# Errors

This page is generated from \`policies\` in [GatewayError.ts](../../packages/protocol/src/GatewayError.ts) (\`npm run docs\`).

Everything that can go wrong with an exchange has one class. The class decides whether another try may help, what the client is told, and what the ledger row says. A provider's error is decoded into a class
by its dialect; the client gets the error body of the dialect it speaks, with the provider's own message where the class does not mask it, and the request id.

${table([heading, ...rows])}

- **HTTP status**: what the client gets before an answer has begun. "The provider's" is kept where it is an error status, else it is 400, and 503 for \`overloaded\`. A \`transient\` failure is 504
  where the provider said 408 or 504. In a stream that has begun, the same class becomes the protocol's own terminal error event.
- **code**: stable; ours where the provider gave none.
- **same target again**, **other target**: before the commit only, within the retries of the provider and the deadline of the exchange. After the commit nothing is retried.
- **counts against the provider**: such failures speak of the provider's health, the others do not.
`
