import { assert, describe, it } from "@effect/vitest"
import * as ModelRegistry from "@sluice/gateway/ModelRegistry"
import { Duration, Option, Result } from "effect"
import { isLoopback, listenOn, parse, toModelRegistry } from "../../src/Config.ts"

const file = (more: string, provider = "baseUrl: \"https://a.example\"") => `
providers:
  - { id: a, dialect: openai-chat, ${provider} }
models:
  - { id: m, targets: [{ provider: a }] }
${more}
`
const problems = (source: string) =>
  Result.match(parse(source, {}), {
    onSuccess: () => [],
    onFailure: (error) => error.problems.map(({ path, line }) => line === undefined ? path : `${line} ${path}`)
  })
const messages = (source: string) =>
  Result.match(parse(source, {}), { onSuccess: () => [], onFailure: (error) => error.problems.map(({ message }) => message) })

describe("server.admission.bytes", () => {
  it("leaves room for the largest body that is allowed, also without what is reserved", () => {
    const of = (server: string) => problems(file(`server: ${server}`))
    assert.deepStrictEqual(of("{ bodyLimit: 80MiB, admission: { bytes: 100MiB } }"), [])
    assert.deepStrictEqual(of("{ bodyLimit: 81MiB, admission: { bytes: 100MiB } }"), ["6 server.admission.bytes"])
    assert.deepStrictEqual(of("{ bodyLimit: 100MiB, admission: { bytes: 100MiB, reserved: 0 } }"), [])
  })
})

describe("server.workers", () => {
  it("needs a ledger that all of them reach", () => {
    assert.deepStrictEqual(problems(file("server: { workers: 2 }")), [])
    assert.deepStrictEqual(problems(file("server: { workers: 2 }\nledger: { url: \"sqlite::memory:\" }")), ["6 server.workers"])
    assert.deepStrictEqual(problems(file("server: { workers: 1 }\nledger: { url: \"sqlite::memory:\" }")), [])
  })
})

describe("replay", () => {
  const key = "key: \"0123456789abcdef0123456789abcdef\""

  it("needs a key that cannot be guessed where answers outlive the process", () => {
    assert.deepStrictEqual(problems(file("replay: { store: memory }")), [])
    assert.deepStrictEqual(problems(file("replay: { store: ledger }")), ["6 replay.key"])
    assert.deepStrictEqual(problems(file("replay: { store: ledger, key: short }")), ["6 replay.key"])
    assert.deepStrictEqual(problems(file(`replay: { store: ledger, ${key} }`)), [])
  })

  it("needs the store to be there", () => {
    assert.deepStrictEqual(problems(file(`replay: { store: redis, ${key} }`)), ["6 replay.store"])
    assert.deepStrictEqual(problems(file(`ledger: { url: "sqlite::memory:" }\nreplay: { store: ledger, ${key} }`)), ["7 replay.store"])
  })
})

describe("auth.jwt", () => {
  const issuer = (more = "") => `{ issuer: "https://id.example", audience: sluice${more} }`

  it("has issuers that can be told apart and whose keys can be found", () => {
    assert.deepStrictEqual(problems(file(`auth: { jwt: [${issuer()}] }`)), [])
    assert.deepStrictEqual(problems(file(`auth: { jwt: [${issuer()}, ${issuer(", id: two")}] }`)), ["6 auth.jwt[1].issuer"])
    assert.deepStrictEqual(problems(file(`auth: { jwt: [${issuer(", id: keys")}] }`)), ["6 auth.jwt[0].id"])
    assert.deepStrictEqual(problems(file("auth: { jwt: [{ issuer: me, audience: [a, b] }] }")), ["6 auth.jwt[0].jwksUrl"])
    assert.deepStrictEqual(problems(file(`auth: { jwt: [${issuer(", algorithms: [none]")}] }`)), ["6 auth.jwt[0].algorithms[0]"])
    assert.deepStrictEqual(problems(file(`auth: { jwt: [${issuer(", algorithms: [HS256]")}] }`)), ["6 auth.jwt[0].algorithms[0]"])
  })

  it("has an entry where keys are not taken", () => {
    assert.deepStrictEqual(problems(file("auth: { mode: jwt }")), ["6 auth.jwt"])
    assert.deepStrictEqual(problems(file(`auth: { mode: jwt, jwt: [${issuer()}] }`)), [])
  })
})

describe("auth.headers", () => {
  it("come from addresses and networks", () => {
    assert.deepStrictEqual(problems(file("auth: { headers: { from: [\"10.0.0.0/8\", \"::1\"], id: X-User } }")), [])
    assert.deepStrictEqual(problems(file("auth: { headers: { from: [proxy.example, 10.0.0.1/33], id: x-user } }")), [
      "6 auth.headers.from[0]",
      "6 auth.headers.from[1]"
    ])
    assert.deepStrictEqual(problems(file("auth: { headers: { from: [], id: x-user } }")), ["6 auth.headers.from"])
  })
})

describe("auth.exclusive", () => {
  it("names something that is set", () => {
    assert.deepStrictEqual(problems(file("auth: { exclusive: keys }")), [])
    assert.deepStrictEqual(problems(file("auth: { exclusive: headers }")), ["6 auth.exclusive"])
    assert.deepStrictEqual(problems(file("auth: { exclusive: sso, jwt: [{ id: sso, issuer: \"https://id.example\", audience: a }] }")), [])
  })
})

describe("auth.mode open", () => {
  it("is refused on a host that others can reach", () => {
    for (const host of ["0.0.0.0", "::", "192.168.1.2", "gateway.example", "127.0.0.1.example", "127.999.1.1", "localhost.example"]) {
      assert.deepStrictEqual(problems(file(`auth: { mode: open }\nserver: { host: "${host}" }`)), ["6 auth.mode"])
    }
  })

  it("is allowed on the loopback addresses", () => {
    for (const host of ["127.0.0.1", "127.1.2.3", "localhost", "::1"]) {
      assert.isTrue(isLoopback(host))
      assert.deepStrictEqual(problems(file(`auth: { mode: open }\nserver: { host: "${host}" }`)), [])
    }
  })

  it("is refused as well when a flag moves the server to such a host", () => {
    const config = Result.getOrThrow(parse(file("auth: { mode: open }"), {}))
    assert.isTrue(Result.isFailure(listenOn(config, { host: "0.0.0.0" })))
    assert.deepStrictEqual(Result.map(listenOn(config, { port: 0 }), (changed) => changed.server.port), Result.succeed(0))
  })
})

describe("providers", () => {
  it("need a base URL unless they are the simulator, which has none", () => {
    assert.deepStrictEqual(problems(file("", "retries: 1")), ["3 providers[0].baseUrl"])
    assert.deepStrictEqual(problems(file("", "simulator: true")), [])
    assert.deepStrictEqual(problems(file("", "simulator: true, baseUrl: \"https://a\"")), ["3 providers[0].baseUrl"])
  })
})

describe("headers of a provider", () => {
  it("must have names that can be sent", () => {
    assert.deepStrictEqual(problems(file("", "simulator: true, headers: { x-team: blue, \"x team\": blue, \"\": a }")), [
      "3 providers[0].headers.x team",
      "3 providers[0].headers."
    ])
  })

  it("may not describe the connection or the body", () => {
    assert.deepStrictEqual(problems(file("", "simulator: true, headers: { Content-Length: \"1\", transfer-encoding: chunked }")), [
      "3 providers[0].headers.Content-Length",
      "3 providers[0].headers.transfer-encoding"
    ])
  })
})

describe("names", () => {
  it("are not given twice, nor is a key", () => {
    assert.deepStrictEqual(
      problems(`
providers:
  - id: a
    dialect: openai-chat
    baseUrl: https://a.example
    credentials: [{ id: c, apiKey: x }, { id: c, apiKey: y }]
  - { id: a, dialect: openai-chat, simulator: true }
models:
  - { id: m, targets: [{ provider: a }] }
  - { id: m, targets: [{ provider: a }] }
keys:
  - { id: k, key: same }
  - { id: k, key: other }
  - { id: l, key: same }
`),
      ["7 providers[1].id", "6 providers[0].credentials[1].id", "13 keys[1].id", "14 keys[2].key", "10 models[1].id"]
    )
  })

  it("of models that a key may use must be served", () => {
    assert.deepStrictEqual(problems(file("keys: [{ id: k, key: x, models: [m, n, \"n-*\"] }]")), ["6 keys[0].models[1]"])
  })
})

describe("the key that signs the ledger", () => {
  it("is refused where it is short, without being shown", () => {
    assert.deepStrictEqual(problems(file("ledger: { signingKey: tooshort }")), ["6 ledger.signingKey"])
    assert.deepStrictEqual(problems(file(`ledger: { signingKey: ${"x".repeat(32)} }`)), [])
    assert.notInclude(messages(file("ledger: { signingKey: tooshort }")).join(), "tooshort")
  })
})

describe("models", () => {
  it("are refused as the registry refuses them, at their place in the file", () => {
    assert.deepStrictEqual(problems(file("  - { id: \"a*b*\", targets: [{ provider: z }], fallbacks: [nowhere, \"m\"] }")), [
      "6 models[1].id",
      "6 models[1].targets[0].provider",
      "6 models[1].fallbacks[0]"
    ])
  })

  it("make a registry with the policies of the file", () => {
    const config = Result.getOrThrow(parse(
      file(
        "  - { id: \"x/*\", targets: [{ provider: a, model: \"*\", weight: 2 }], fallbacks: [m], fidelity: strict, preCommit: 10 seconds, onClientGone: { drain: { time: 1 minute, bytes: 2KiB } } }"
      ),
      {}
    ))
    const route = Option.getOrThrow(ModelRegistry.resolve(Result.getOrThrow(toModelRegistry(config)), "x/gpt"))
    assert.strictEqual(route.star, "gpt")
    assert.deepStrictEqual({ ...route.entry }, {
      id: "x/*",
      targets: [{ provider: config.providers[0]!.id, model: "*", weight: 2 }],
      fallbacks: ["m"],
      fidelity: "strict",
      preCommit: Duration.seconds(10),
      onClientGone: { drain: { time: Duration.minutes(1), bytes: 2048 } }
    })
  })
})

describe("what this version does not act on", () => {
  const settings: ReadonlyArray<readonly [setting: string, path: string]> = [
    ["otlp: { url: \"http://h\" }", "otlp"]
  ]
  it.each(settings)("is refused when it is turned on: %s", (setting, path) => {
    assert.deepStrictEqual(problems(file(setting)).map((found) => found.split(" ")[1]), [path])
    assert.match(messages(file(setting)).join(), /is not supported in this version; leave it out$/)
  })

  it("a certificate without its key is refused", () => {
    const source = file("", `baseUrl: "https://a.example", tls: { cert: "client.pem" }`)
    assert.deepStrictEqual(problems(source), ["3 providers[0].tls"])
    assert.match(messages(source).join(), /cert and key go together/)
  })

  it("is no problem while it is off", () => {
    assert.deepStrictEqual(
      problems(
        file(
          "redis: { url: \"\" }\notlp: { url: \"${X:-}\" }\nserver: { workers: 1 }\nledger: { signingKey: \"\", bodies: none, onFailure: deny }\nextensions: {}\nkeys: [{ id: k, key: s, limits: {} }]",
          "baseUrl: \"https://a.example\", breaker: false, cooldown: false"
        )
      ),
      []
    )
  })
})

describe("auth.adminToken", () => {
  const token = (length: number) => "t".repeat(length)
  const of = (adminToken: string, host: string, more = "") =>
    messages(file(`auth: { adminToken: ${adminToken} }\nserver: { host: "${host}" }\n${more}`)).map((message) => message.split(":")[0])
  const short = "is too short for a management surface that others can reach"

  it("cannot be guessed by those who reach the management surface", () => {
    assert.deepStrictEqual(of(token(31), "0.0.0.0"), [short])
    assert.deepStrictEqual(of(token(32), "0.0.0.0"), [])
    assert.deepStrictEqual(of(token(1), "127.0.0.1"), [])
    assert.deepStrictEqual(of(token(31), "0.0.0.0", "admin: { enabled: false }"), [])
    assert.deepStrictEqual(of(token(31), "0.0.0.0", "admin: { port: 9000 }"), [])
    assert.deepStrictEqual(of(token(31), "127.0.0.1", "admin: { port: 9000, host: 10.0.0.1 }"), [short])
  })

  it("is nobody else's key", () => {
    assert.deepStrictEqual(of(token(40), "127.0.0.1", `keys: [{ id: a, key: ${token(40)} }]`), ["is also a client's key"])
  })
})

describe("admin.port", () => {
  it("is not the gateway's own", () => {
    assert.deepStrictEqual(problems(file("admin: { port: 8787 }")), ["6 admin.port"])
    assert.deepStrictEqual(problems(file("admin: { port: 8788 }")), [])
  })

  it("is one for all workers", () => {
    assert.deepStrictEqual(problems(file("admin: { port: 0 }\nserver: { workers: 2 }")), ["6 admin.port"])
    assert.deepStrictEqual(problems(file("admin: { port: 0 }")), [])
  })
})
