/**
 * What a failed connection means: the error class and words for a person, from the code of the error. Words name the host
 * and what to check, never a path, a query or a header, for those may hold secrets.
 */
import type { ErrorClass, Failure } from "@sluice/protocol/GatewayError"
import { refusedCode } from "../Egress.ts"

/** The code of an error as Node and undici set it (`ECONNREFUSED`, `UND_ERR_SOCKET`); empty when it has none. */
export const codeOf = (error: Error): string => "code" in error && typeof error.code === "string" ? error.code : ""

/** The failure of a request that got no head. `host` is host and port. */
export const beforeHead = (error: Error, host: string): Failure => {
  const code = codeOf(error)
  const [errorClass, words] = meaningOf(code, error)
  const message = `${words.replace("{host}", host)}${code === "" ? "" : ` (${code})`}`
  return code === "" ? { class: errorClass, message } : { class: errorClass, message, code }
}

/** The connection could not be made in time. */
export const connectTimeout = (host: string, milliseconds: number): Failure => ({
  class: "timeout-connect",
  message: `No connection to ${host} within ${milliseconds} ms: check the provider's baseUrl, its status, and the firewall or proxy between.`
})

/** Why a body broke off. */
export const duringBody = (error: Error): string => {
  const code = codeOf(error)
  const words = isNotHttp(error) ? "the provider sent a body that is not valid HTTP" : "the provider closed the connection before the body was complete"
  return code === "" ? words : `${words} (${code})`
}

// internal

type Meaning = readonly [ErrorClass, string]

const meanings: { readonly [code: string]: Meaning } = {
  ECONNREFUSED: ["transient", "{host} refused the connection: check host and port of the provider's baseUrl and that the service runs."],
  ENOTFOUND: ["transient", "The name of {host} does not exist: check the host of the provider's baseUrl and the DNS of this machine."],
  EAI_AGAIN: ["transient", "The name of {host} could not be resolved for now: check the DNS of this machine."],
  [refusedCode]: [
    "misconfigured",
    "{host} leads to an address of a private network, and nothing was sent there: set private: true for the provider if that is meant, or check its DNS."
  ],
  EHOSTUNREACH: ["transient", "{host} cannot be reached: check network, routes and firewall."],
  ENETUNREACH: ["transient", "{host} cannot be reached: check network, routes and firewall."],
  EMFILE: ["transient", "{host} was not called because this process has no file descriptor left: raise the limit or admit fewer streams."],
  ETIMEDOUT: ["timeout-connect", "{host} did not answer: check the provider's baseUrl, its status, and the firewall or proxy between."],
  UND_ERR_CONNECT_TIMEOUT: ["timeout-connect", "{host} did not answer: check the provider's baseUrl, its status, and the firewall or proxy between."],
  UND_ERR_HEADERS_OVERFLOW: ["protocol-violation", "{host} answered with headers that are larger than allowed."],
  UND_ERR_DESTROYED: ["unavailable", "The gateway is stopping and no longer calls {host}."],
  UND_ERR_CLOSED: ["unavailable", "The gateway is stopping and no longer calls {host}."]
}

/** Undici's parser errors have no code. Its `bad response` and `bad upgrade` are replies of status 100 and 101 that nobody asked for. */
const isNotHttp = (error: Error): boolean => error.name === "HTTPParserError" || error.message === "bad response" || error.message === "bad upgrade"

const meaningOf = (code: string, error: Error): Meaning => {
  const known = meanings[code]
  if (known !== undefined) return known
  if (isNotHttp(error)) return ["protocol-violation", "{host} did not answer in valid HTTP/1.1: check scheme and port of the provider's baseUrl."]
  if (/^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH|EPROTO$)/.test(code)) {
    return ["transient", "No secure connection to {host}: check that it speaks TLS on this port and that its certificate is trusted (NODE_EXTRA_CA_CERTS)."]
  }
  // undici names the header or option, not its value
  if (code === "UND_ERR_INVALID_ARG" || code === "UND_ERR_NOT_SUPPORTED") return ["defect", `The request to {host} cannot be sent: ${error.message}.`]
  return ["transient", "{host} closed the connection before it answered."]
}
