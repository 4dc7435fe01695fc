/** One request to a simulated identity provider, its answer, and the entry of the log that both make. */

/** A request. Names of headers are lower-case; `path` is without the query. */
export interface Request {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: { readonly [name: string]: string | undefined }
  readonly body: string
}

/** An answer; `fate` says that it never arrives, or not at all. */
export interface Reply {
  readonly status: number
  readonly headers: { readonly [name: string]: string }
  readonly body: string
  readonly fate?: "lost" | "hang"
}

/** What was asked and how it ended. It holds secrets, as they came: it is for tests. */
export interface LogEntry {
  readonly n: number
  /** Milliseconds since the epoch, by the clock of the provider. */
  readonly at: number
  readonly method: string
  readonly path: string
  readonly headers: { readonly [name: string]: string | undefined }
  /** The form of a POST, the query otherwise. */
  readonly parameters: { readonly [name: string]: string }
  readonly status: number
  /** The error code of OAuth, where it was refused. */
  readonly error?: string
}

/** An answer in JSON, which nobody may keep. */
export const json = (status: number, body: unknown, headers: { readonly [name: string]: string } = {}): Reply => ({
  status,
  headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
  body: JSON.stringify(body)
})

/** A refusal in OAuth's form. */
export const refusal = (error: string, description: string, status = 400): Reply => json(status, { error, error_description: description })
