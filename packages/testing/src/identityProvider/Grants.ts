/**
 * What a simulated identity provider remembers: codes, devices and logins with their tokens. One code is redeemed once, and a second
 * use ends the login it made; a rotated refresh token that is used again ends it too. Pure but for random tokens; the time is told.
 */
import { createHash, randomBytes } from "node:crypto"
import type { Account, Settings } from "./Settings.ts"

/** A login: all tokens that came from one approval. */
export interface Login {
  readonly account: Account
  readonly scope: string
  readonly nonce: string | undefined
  isOver: boolean
  refreshToken: string
}

/** An authorization code that waits to be redeemed. */
interface Code {
  readonly challenge: string | undefined
  readonly redirectUri: string
  readonly account: Account
  readonly scope: string
  readonly nonce: string | undefined
  readonly expiresAt: number
  login: Login | undefined
}

/** A device that waits to be approved. */
export interface Device {
  readonly deviceCode: string
  readonly userCode: string
  readonly scope: string
  readonly expiresAt: number
  intervalMs: number
  lastPoll: number | undefined
  decision: "pending" | "denied" | Account
}

/** How asking ended: a login, or an error code of OAuth. */
export type Granted = { readonly login: Login } | { readonly error: string; readonly description: string }

/** The memory. */
export interface Grants {
  readonly beginDevice: (scope: string, now: number) => Device
  readonly device: (userCode: string) => Device | undefined
  readonly pollDevice: (deviceCode: string, now: number) => Granted
  readonly issueCode: (code: Omit<Code, "expiresAt" | "login">, now: number) => string
  readonly redeemCode: (asked: { readonly code: string; readonly verifier: string; readonly redirectUri: string }, now: number) => Granted
  readonly refresh: (refreshToken: string) => Granted
  readonly issueAccess: (login: Login, now: number, token?: string) => string
  readonly isValid: (accessToken: string, now: number) => boolean
  /** Ends the login a token belongs to; false where it belongs to none. */
  readonly revoke: (token: string) => boolean
  /** Lets every access token end now; logins stay. */
  readonly expireAccess: () => void
}

const random = (kind: string): string => `idp-${kind}-${randomBytes(18).toString("base64url")}`

const letters = "BCDFGHJKLMNPQRSTVWXZ"

const makeUserCode = (): string => {
  const picked = Array.from(randomBytes(8), (byte) => letters[byte % letters.length]).join("")
  return `${picked.slice(0, 4)}-${picked.slice(4)}`
}

const refused = (error: string, description: string): Granted => ({ error, description })

/** An empty memory. */
export const make = (settings: Settings): Grants => {
  const codes = new Map<string, Code>()
  const devices = new Map<string, Device>()
  const refreshTokens = new Map<string, Login>()
  const access = new Map<string, { readonly login: Login; readonly expiresAt: number }>()

  const begin = (account: Account, scope: string, nonce: string | undefined): Login => {
    const login: Login = { account, scope, nonce, isOver: false, refreshToken: random("refresh") }
    refreshTokens.set(login.refreshToken, login)
    return login
  }

  return {
    beginDevice: (scope, now) => {
      const device: Device = {
        deviceCode: random("device"),
        userCode: makeUserCode(),
        scope,
        expiresAt: now + settings.deviceSeconds * 1000,
        intervalMs: settings.intervalSeconds * 1000,
        lastPoll: undefined,
        decision: "pending"
      }
      devices.set(device.deviceCode, device)
      return device
    },
    device: (userCode) => [...devices.values()].find((device) => device.userCode === userCode),
    pollDevice: (deviceCode, now) => {
      const device = devices.get(deviceCode)
      if (device === undefined) return refused("invalid_grant", "the device code is not known")
      if (now >= device.expiresAt) return refused("expired_token", "the device code has expired")
      const isEarly = device.lastPoll !== undefined && now - device.lastPoll < device.intervalMs
      device.lastPoll = now
      if (isEarly) {
        device.intervalMs += 5000
        return refused("slow_down", "polled too often")
      }
      if (device.decision === "pending") return refused("authorization_pending", "nobody has decided")
      devices.delete(deviceCode)
      return device.decision === "denied" ? refused("access_denied", "the user said no") : { login: begin(device.decision, device.scope, undefined) }
    },
    issueCode: (code, now) => {
      const text = random("code")
      codes.set(text, { ...code, expiresAt: now + settings.codeSeconds * 1000, login: undefined })
      return text
    },
    redeemCode: ({ code: text, redirectUri, verifier }, now) => {
      const code = codes.get(text)
      if (code === undefined) return refused("invalid_grant", "the code is not known")
      if (code.login !== undefined) {
        code.login.isOver = true
        return refused("invalid_grant", "the code was used before")
      }
      if (now >= code.expiresAt) return refused("invalid_grant", "the code has expired")
      if (code.redirectUri !== redirectUri) return refused("invalid_grant", "the redirect URI is another one")
      const challenge = createHash("sha256").update(verifier).digest("base64url")
      if (code.challenge !== challenge) return refused("invalid_grant", "the verifier does not fit")
      code.login = begin(code.account, code.scope, code.nonce)
      return { login: code.login }
    },
    refresh: (refreshToken) => {
      const login = refreshTokens.get(refreshToken)
      if (login === undefined || login.isOver) return refused("invalid_grant", "the refresh token is not known")
      if (login.refreshToken !== refreshToken) {
        login.isOver = true
        return refused("invalid_grant", "the refresh token was used before; the login is over")
      }
      if (settings.rotates) {
        login.refreshToken = random("refresh")
        refreshTokens.set(login.refreshToken, login)
      }
      return { login }
    },
    issueAccess: (login, now, token = random("access")) => {
      access.set(token, { login, expiresAt: now + settings.accessTokenSeconds * 1000 })
      return token
    },
    isValid: (accessToken, now) => {
      const found = access.get(accessToken)
      return found !== undefined && !found.login.isOver && now < found.expiresAt
    },
    revoke: (token) => {
      const login = refreshTokens.get(token) ?? access.get(token)?.login
      if (login !== undefined) login.isOver = true
      return login !== undefined
    },
    expireAccess: () => access.clear()
  }
}
