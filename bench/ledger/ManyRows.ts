// A ledger of millions of exchanges over ninety days, made inside the database: no row crosses into this process. Keys belong to teams
// and teams to tenants, a few keys ask for much of the traffic, each key asks for three models, models belong to providers, and some exchanges fail.

/** How the two databases write what differs. */
export interface Words {
  /** Numbers from 1 to the given one, as the column `n` of `numbers`. */
  readonly numbers: (rows: number) => string
  readonly id: string
}

/** SQLite's words. */
export const sqlite: Words = {
  numbers: (rows) => `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${rows})`,
  id: "printf('01%024d', n)"
}

/** PostgreSQL's words. */
export const postgres: Words = {
  numbers: (rows) => `WITH numbers (n) AS (SELECT * FROM generate_series(1::bigint, ${rows}::bigint))`,
  id: "'01' || lpad(n::text, 24, '0')"
}

/** The time of the newest exchange. */
export const end = Date.UTC(2026, 10, 1)

/** Days that the exchanges are spread over, evenly. */
export const days = 90

const dayMs = 86_400_000

// A few keys ask for much: the square of an even spread, folded onto 400 keys
const spread = "((n * 48271) % 1000003)"
const key = `(${spread} * ${spread} / 1000003 * 400 / 1000003)`
const team = `(${key} % 60)`
const tenant = `(${team} % 12)`
// Each key asks for three models, and some of these are asked for by many
const model = `((${key} * 5 + (n * 7907) % 3) % 24)`
const luck = "((n * 7919) % 1000)"
const input = "(200 + (n * 104729) % 8000)"
const output = "(20 + (n * 15485863) % 900)"

const choose = (...rules: ReadonlyArray<readonly [below: number, value: string]>): string =>
  `CASE ${rules.map(([below, value]) => `WHEN ${luck} < ${below} THEN ${value}`).join(" ")} END`

/** The columns and their values. One in a thousand is refused, one in fifty does not complete. */
const columns = (rows: number, { id }: Words): { readonly [column: string]: string } => ({
  id,
  started_at: `${end} - (${rows} - n) * ${days * dayMs} / ${rows}`,
  ended_at: `${end} - (${rows} - n) * ${days * dayMs} / ${rows} + 400 + (n * 6151) % 9000`,
  operation: "'generate'",
  status: choose([980, "'completed'"], [992, "'failed'"], [999, "'cancelled'"], [1000, "'denied'"]),
  outcome: choose(
    [900, "'Completed'"],
    [980, "'Incomplete(length)'"],
    [990, "'UpstreamFailed(overloaded)'"],
    [992, "'UpstreamFailed(invalid)'"],
    [999, "'Cancelled(client)'"],
    [1000, "'Denied(limits)'"]
  ),
  principal: `'key-' || ${key}`,
  tenant: `'tenant-' || ${tenant}`,
  team: `'team-' || ${team}`,
  inbound: "'openai-chat'",
  upstream: "'anthropic-messages'",
  stream: "n % 2",
  lane: "'typed'",
  model: `'model-' || ${model}`,
  provider: `'provider-' || (${model} % 6)`,
  upstream_model: `'upstream-model-' || ${model}`,
  served_model: `'upstream-model-' || ${model} || '-20261001'`,
  attempts: "1",
  estimated_input: `${input} + 50`,
  tokens_input: input,
  tokens_cache_read: "0",
  tokens_output: output,
  provenance: "'rr--r----'",
  cost_usd: `'0.00' || (1000 + ${input} + ${output})`,
  cost_nanos: `(1000 + ${input} + ${output}) * 1000`,
  bytes_out: `${output} * 4`,
  ttft_ms: "200 + n % 800",
  finish: "'stop'"
})

/** The statement that fills the empty table `exchanges`. */
export const fill = (rows: number, words: Words): string => {
  const values = columns(rows, words)
  return `${words.numbers(rows)} INSERT INTO exchanges (${Object.keys(values).join(", ")}) SELECT ${Object.values(values).join(", ")} FROM numbers`
}

const tokens = ["tokens_input", "tokens_cache_read", "tokens_cache_write_5m", "tokens_cache_write_1h", "tokens_output", "tokens_reasoning"]

/** The statements that fill the empty rollups from the exchanges, as the leader of a ledger would have done. */
export const rollUp: ReadonlyArray<string> = [["rollups", "hour", 3_600_000] as const, ["rollup_days", "day", 86_400_000] as const].map(([table, column, ms]) =>
  `INSERT INTO ${table}
  (${column}, tenant, team, principal, model, provider, status, requests, ${
    tokens.join(", ")
  }, tokens_audio_in, tokens_audio_out, tokens_tool_prompt, cost_nanos)
  SELECT started_at / ${ms}, tenant, team, principal, CASE status WHEN 'denied' THEN '' ELSE model END, provider, status, count(*),
    ${tokens.map((column) => `coalesce(sum(${column}), 0)`).join(", ")}, 0, 0, 0, sum(cost_nanos)
  FROM exchanges GROUP BY 1, 2, 3, 4, 5, 6, 7`
)
