import { assert, it } from "@effect/vitest"
import { describe } from "vitest"
import * as ConnectionFailure from "../src/internal/connectionFailure.ts"

const withCode = (code: string) => Object.assign(new Error("getaddrinfo api.example.com bearer-secret"), { code })
const host = "api.example.com:443"

describe("beforeHead", () => {
  it.each(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "ECONNRESET", "EPIPE", "EMFILE", "UND_ERR_SOCKET", "CERT_HAS_EXPIRED"])(
    "calls %s transient, names the host and the code, and repeats no text of the error",
    (code) => {
      const failure = ConnectionFailure.beforeHead(withCode(code), host)
      assert.strictEqual(failure.class, "transient")
      assert.strictEqual(failure.code, code)
      assert.include(failure.message, host)
      assert.include(failure.message, code)
      assert.notInclude(failure.message, "secret")
    }
  )

  it.each(["ETIMEDOUT", "UND_ERR_CONNECT_TIMEOUT"])("calls %s a connect timeout", (code) => {
    assert.strictEqual(ConnectionFailure.beforeHead(withCode(code), host).class, "timeout-connect")
  })

  it.each(["DEPTH_ZERO_SELF_SIGNED_CERT", "UNABLE_TO_VERIFY_LEAF_SIGNATURE", "ERR_TLS_CERT_ALTNAME_INVALID"])(
    "says of %s that the certificate is to be checked",
    (code) => {
      assert.include(ConnectionFailure.beforeHead(withCode(code), host).message, "NODE_EXTRA_CA_CERTS")
    }
  )

  it.each(["UND_ERR_DESTROYED", "UND_ERR_CLOSED"])("says of %s that the gateway is stopping", (code) => {
    assert.strictEqual(ConnectionFailure.beforeHead(withCode(code), host).class, "unavailable")
  })

  it("calls an error without a code transient, and has no code then", () => {
    const failure = ConnectionFailure.beforeHead(new Error("secret"), host)
    assert.deepStrictEqual(failure, { class: "transient", message: `${host} closed the connection before it answered.` })
  })
})
