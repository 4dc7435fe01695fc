/**
 * Every capability a gateway can be extended by, as data: the service or registration it is, what there is where nobody says anything,
 * what tests use, the tests that hold its semantics, and its example. The page docs/reference/capabilities.md is made of it, and a test
 * holds every cell to what exists.
 */

/** An export of a module: `{ module: "@sluice/gateway/Extension", name: "layer" }`. */
export interface Place {
  readonly module: string
  readonly name: string
}

/** A file of tests, and words that stand in the name of one of them. */
export interface Held {
  readonly path: string
  readonly by: string
}

/** One capability. */
export interface Capability {
  readonly title: string
  /** What a part of this kind does. */
  readonly does: string
  /** What it is in types: a service, or the shape that is registered. The first is what one writes. */
  readonly services: readonly [Place, ...ReadonlyArray<Place>]
  /** The Layer, or words where nothing stands in for it. */
  readonly byDefault: Place | string
  /** What a test installs in its place. */
  readonly inTests: Place
  readonly tests: readonly [Held, ...ReadonlyArray<Held>]
  /** The heading of its section in docs/guides/extend.md. */
  readonly example: string
}

const at = (module: string, name: string): Place => ({ module: module.includes("/") && module.startsWith("@") ? module : `@sluice/gateway/${module}`, name })

/** All of them, in the order of the page. */
export const capabilities: ReadonlyArray<Capability> = [
  {
    title: "Hooks around an exchange",
    does: "admit or end an exchange, watch its events beside it, hear of its attempts and of its end",
    services: [at("Extension", "Extension"), at("Registries", "Extensions"), at("ShortCircuit", "ShortCircuit")],
    byDefault: "none; nothing is paid for hooks nobody has",
    inTests: at("Extension", "layer"),
    tests: [
      { path: "test/end-to-end/Parts.test.ts", by: "admit in order, see attempts, and finish in reverse" },
      { path: "test/plane/Finish.test.ts", by: "are finished once, in reverse, whatever ends the exchange and wherever" },
      { path: "test/plane/Faults.test.ts", by: "beside the exchange leaves answers alone, and is finished all the same" }
    ],
    example: "Hooks around an exchange"
  },
  {
    title: "Storage of extensions",
    does: "keep typed values and counters with a time to live, in a namespace of one's own",
    services: [at("ExtensionStorage", "ExtensionStorage"), at("ExtensionStore", "ExtensionStore")],
    byDefault: at("ExtensionStoreMemory", "layer"),
    inTests: at("ExtensionStoreMemory", "layer"),
    tests: [{ path: "packages/ledger/test/ExtensionStorage.test.ts", by: "takes what no longer fits its schema for absent" }, {
      path: "packages/ledger/test/ExtensionStorage.test.ts",
      by: "loses no count where many count at once"
    }],
    example: "Storage of extensions"
  },
  {
    title: "Caches",
    does: "give an answer instead of a provider, streamed or whole, and be shown what providers answer",
    services: [at("Extension", "Extension"), at("RecordedAnswer", "RecordedAnswer"), at("extensions/ResponseCache", "layer"), at("CacheStore", "CacheStore")],
    byDefault: "nothing is cached",
    inTests: at("CacheStoreMemory", "layer"),
    tests: [
      { path: "test/plane/Lookup.test.ts", by: "gives a stream as a body and a body as a stream, to clients of any dialect" },
      { path: "test/plane/Lookup.test.ts", by: "is no way around them" },
      { path: "test/builtins/ResponseCache.test.ts", by: "asks once for a hundred requests at the same time" },
      { path: "test/builtins/ResponseCache.test.ts", by: "is told in the ledger, with what it saved and without tokens" }
    ],
    example: "Caches"
  },
  {
    title: "Models",
    does: "bring models with their limits, aliases, pools and exclusions",
    services: [at("Models", "ModelSource"), at("Registries", "Models"), at("ModelRegistry", "ModelRegistry")],
    byDefault: "a prefix for each provider, and the first provider for every other name",
    inTests: at("Models", "layer"),
    tests: [
      { path: "test/models/Served.test.ts", by: "has the models of parts and of providers' lists, and those can be asked" },
      { path: "packages/gateway/test/ModelNames.test.ts", by: "for several models is a pool: each is first in its turn, and the others follow" },
      { path: "packages/gateway/test/ModelNames.test.ts", by: "names each of its models once more, at this provider alone" },
      { path: "test/models/ForcedMapping.test.ts", by: "an alias that answers are forced to name" }
    ],
    example: "Models"
  },
  {
    title: "Lists of providers",
    does: "read the models of a provider from its own list, with each of its credentials",
    services: [at("ModelDiscovery", "DiscoveryOptions"), at("ModelDiscovery", "ModelLists")],
    byDefault: "no list is read",
    inTests: at("ModelDiscovery", "layer"),
    tests: [
      { path: "test/models/Discovery.test.ts", by: "are asked for with each credential, and served by those that have them" },
      { path: "test/models/Discovery.test.ts", by: "that cannot be read leave the last good ones, and the status says why; the next try comes sooner" }
    ],
    example: "Lists of providers"
  },
  {
    title: "Credentials of providers",
    does: "read credentials, log in, follow a login, refresh before the end, once however many ask",
    services: [
      at("credentials/CredentialProvider", "CredentialProvider"),
      at("credentials/Credentials", "Credentials"),
      at("credentials/CredentialStore", "CredentialStore")
    ],
    byDefault: at("credentials/StaticKey", "make"),
    inTests: at("@sluice/testing/IdentityProvider", "IdentityProvider"),
    tests: [
      { path: "packages/gateway/test/credentials/OAuth.test.ts", by: "shows a page and a code, waits, and ends with tokens" },
      { path: "packages/gateway/test/credentials/Credentials.test.ts", by: "of 200 users at the same time refreshes once, and all get what came of it" },
      { path: "packages/gateway/test/credentials/Credentials.test.ts", by: "happens without anybody asking, within the last five minutes, again and again" },
      { path: "test/credentials/Processes.test.ts", by: "refresh a login once for 200 users of both, and never use a token twice" }
    ],
    example: "Credentials of providers"
  },
  {
    title: "Who is asking",
    does: "know a caller by method, path, headers, query, address and body; refuse it; or leave it to the next; alone, where it is exclusive",
    services: [at("Authenticator", "Scheme"), at("Authenticator", "Authenticator")],
    byDefault: "none: a gateway without an authenticator does not compile, and one without schemes refuses everybody",
    inTests: at("ApiKeys", "layerOpen"),
    tests: [
      { path: "packages/gateway/test/Authenticator.test.ts", by: "asks by priority, then by id, until one knows the caller" },
      { path: "packages/gateway/test/Authenticator.test.ts", by: "is replaced by the exclusive scheme of the highest priority, of those by the lowest id" },
      { path: "packages/gateway/test/Authenticator.test.ts", by: "fails closed when a scheme dies, and says so in the log only" },
      { path: "test/authentication/Jwt.test.ts", by: "are not asked for by a storm of tokens with keys nobody knows, but once per cooldown" },
      { path: "test/authentication/OverHttp.test.ts", by: "judges the body, which the gateway then reads as it was; what it found reaches interceptors" },
      { path: "apps/server/test/config/Rules.test.ts", by: "is refused on a host that others can reach" }
    ],
    example: "Who is asking"
  },
  {
    title: "Which credential",
    does: "pick a credential for an attempt, hand over to a built-in way by name, or leave it",
    services: [at("Scheduler", "Scheduler"), at("Registries", "Schedulers")],
    byDefault: "the provider's own way: in turn, or by weight where weights differ",
    inTests: at("Scheduler", "layer"),
    tests: [
      { path: "packages/gateway/test/schedulers/Schedulers.test.ts", by: "filters, then ranks, then picks among the best" },
      { path: "packages/gateway/test/schedulers/Schedulers.test.ts", by: "leaves the decision to others where nothing is left, and may name one of them" },
      { path: "packages/gateway/test/schedulers/Schedulers.test.ts", by: "keeps a conversation where it is, and others by weight" },
      { path: "test/docs/CustomGateway.test.ts", by: "by its own rules" }
    ],
    example: "Which credential"
  },
  {
    title: "Which model",
    does: "send an exchange to another model or to targets of one's own, by what is known of it",
    services: [at("Router", "Router"), at("Registries", "Routers")],
    byDefault: "the model's name decides",
    inTests: at("Router", "layer"),
    tests: [
      { path: "test/scheduling/Routing.test.ts", by: "is asked in its order; the first that decides something there is decides" },
      { path: "test/scheduling/Routing.test.ts", by: "may name targets of its own" },
      { path: "test/scheduling/Routing.test.ts", by: "sends on by who asks, what for, and by all that is stated" },
      { path: "test/scheduling/Routing.test.ts", by: "follows another across models, and no request is tried more often than allowed" }
    ],
    example: "Which model"
  },
  {
    title: "Providers",
    does: "open attempts in a dialect it declares, over HTTP or not",
    services: [at("Executor", "Executor"), at("Registries", "Executors")],
    byDefault: at("HttpExecutor", "layer"),
    inTests: at("HttpExecutor", "install"),
    tests: [
      { path: "test/docs/CustomGateway.test.ts", by: "serves clients of two protocols from a provider without a network" },
      { path: "test/ai/LanguageModelExecutor.test.ts", by: "answers with thinking, text, sources, calls and counts, whole or as it comes" },
      { path: "test/in-process/Completion.test.ts", by: "is cancelled when its scope closes: the provider's connection too, and the row says who left" }
    ],
    example: "Providers"
  },
  {
    title: "Raw requests",
    does: "hand on to a provider, as it is, what no protocol has words for",
    services: [at("Executor", "Executor"), at("Executor", "RawRequest")],
    byDefault: "nothing is handed on",
    inTests: at("HttpExecutor", "layer"),
    tests: [
      {
        path: "test/passthrough/Passthrough.test.ts",
        by: "reaches the provider byte by byte, by its method, path and query, with the provider's own key, and so does the answer"
      },
      { path: "test/passthrough/Passthrough.test.ts", by: "is one row of the ledger each, with the tokens of texts estimated and those of files not" },
      { path: "test/passthrough/Passthrough.test.ts", by: "is counted by limits of requests and of tokens" },
      { path: "test/passthrough/Passthrough.test.ts", by: "is no way around models and usage: " }
    ],
    example: "Raw requests"
  },
  {
    title: "The way out",
    does: "make every HTTP request to a provider: proxies, TLS, private networks, connections, the log of requests",
    services: [at("UpstreamClient", "UpstreamClient"), at("Egress", "Policy")],
    byDefault: at("UndiciClient", "layer"),
    inTests: at("@sluice/testing/Simulator", "Simulator"),
    tests: [
      { path: "packages/gateway/test/UndiciClient.test.ts", by: "are used again when the body was read to its end" },
      { path: "packages/gateway/test/Egress.test.ts", by: "a name that leads into a private network is not connected to, and the message says what to set" },
      { path: "packages/gateway/test/UpstreamLog.test.ts", by: "every request is a line with its answer's status, without what may be secret" }
    ],
    example: "The way out"
  },
  {
    title: "Protocols",
    does: "translate between a protocol and the canonical model, both ways, with losses as values",
    services: [at("@sluice/protocol/Dialect", "Dialect"), at("@sluice/protocol/CanonicalDialect", "dialect")],
    byDefault: "the dialects of the packages; a gateway is given those its clients speak",
    inTests: at("@sluice/protocol/CanonicalDialect", "dialect"),
    tests: [
      { path: "test/docs/WriteADialect.test.ts", by: "keeps every law on values that reach everything" },
      { path: "test/docs/CustomGateway.test.ts", by: "serves clients of two protocols from a provider without a network" }
    ],
    example: "Protocols"
  },
  {
    title: "Normalizers",
    does: "straighten what one provider says or wants otherwise than its protocol, canonical or wire, request or answer",
    services: [at("Normalizer", "Normalizer"), at("Registries", "Normalizers")],
    byDefault: "none; bodies and events pass as they are",
    inTests: at("Normalizer", "layer"),
    tests: [
      { path: "test/plane/Normalizers.test.ts", by: "of wire answers straightens each event of a stream, and the byte lane stays" },
      { path: "test/plane/Normalizers.test.ts", by: "of wire requests changes what is sent, in either lane" },
      { path: "test/plane/Normalizers.test.ts", by: "of canonical requests comes after all interceptors of attempts" },
      { path: "test/plane/Normalizers.test.ts", by: "changes frames, on the typed lane" }
    ],
    example: "Normalizers"
  },
  {
    title: "Thinking",
    does: "ask for thinking: the suffix of a name before the body, held to what a model takes, in a provider's own words",
    services: [at("Thinking", "Thinking"), at("Thinking", "Rules")],
    byDefault: at("Thinking", "rules"),
    inTests: at("Thinking", "layer"),
    tests: [
      { path: "test/plane/Normalizers.test.ts", by: "is written in the provider's own words, the suffix before the body, and said as a loss" },
      { path: "test/plane/Normalizers.test.ts", by: "refuses by its own limits" }
    ],
    example: "Thinking"
  },
  {
    title: "Requests",
    does: "change a request once, or each attempt, told its number; change headers; end the exchange",
    services: [at("Interceptor", "Interceptor"), at("Registries", "Interceptors"), at("HeaderChange", "HeaderChange")],
    byDefault: "none; requests stay as clients wrote them",
    inTests: at("Interceptor", "layer"),
    tests: [
      { path: "test/plane/Interceptors.test.ts", by: "are told the number of every attempt" },
      { path: "test/plane/Interceptors.test.ts", by: "clear headers first, replace named ones and keep the rest, but never the credential or HTTP's own" },
      { path: "test/plane/Interceptors.test.ts", by: "may send an empty body, or another one" }
    ],
    example: "Requests"
  },
  {
    title: "Whole replies",
    does: "change status, headers and body of what is not a stream, error replies too",
    services: [at("Interceptor", "WholeReply"), at("Interceptor", "ReplyChange")],
    byDefault: "none",
    inTests: at("Interceptor", "layer"),
    tests: [
      { path: "test/plane/Interceptors.test.ts", by: "change whole answers: status, headers and body" },
      { path: "test/plane/Interceptors.test.ts", by: "change error replies too, of providers and of the gateway, also where a stream was asked for" }
    ],
    example: "Whole replies"
  },
  {
    title: "Streams",
    does: "change the frames of an answer, or its bytes with a history, and hear how it ended",
    services: [at("Interceptor", "FrameStage"), at("Interceptor", "ChunkStage")],
    byDefault: "none; answers of the client's own protocol go through as they are",
    inTests: at("Interceptor", "layer"),
    tests: [
      { path: "test/plane/Chunks.test.ts", by: "are shown the head first, as call -1, and only then may change headers" },
      { path: "test/plane/Chunks.test.ts", by: "drop chunks, which are counted, and of which those behind and the history know nothing" },
      { path: "test/plane/Chunks.test.ts", by: "have a history of at most 64 chunks, the same list in every call" },
      { path: "test/plane/Frames.test.ts", by: "hears that the client left, and nothing else" }
    ],
    example: "Streams"
  },
  {
    title: "The end of an exchange",
    does: "hear the one terminal fact of every exchange that was entered, in reverse order",
    services: [at("Extension", "Extension"), at("Ledger", "Settlement")],
    byDefault: "the ledger's row",
    inTests: at("Extension", "layer"),
    tests: [{ path: "test/plane/Finish.test.ts", by: "are finished once, in reverse: " }],
    example: "The end of an exchange"
  },
  {
    title: "Usage",
    does: "be given every exchange that has ended, at least once, with tokens, latency, credential and failure",
    services: [at("UsageSink", "UsageSink"), at("Registries", "UsageSinks")],
    byDefault: "none; the ledger keeps what there is to deliver",
    inTests: at("UsageSink", "layer"),
    tests: [
      { path: "packages/gateway/test/UsageDelivery.test.ts", by: "a sink that fails for now is given the same again, ever more slowly, and nothing is lost" },
      { path: "packages/gateway/test/UsageDelivery.test.ts", by: "the delivery of a process that died is taken over when its claim has run out" }
    ],
    example: "Usage"
  },
  {
    title: "Commands",
    does: "add commands with typed flags to the command line",
    services: [at("@sluice/server", "Plugin"), at("@sluice/server", "start")],
    byDefault: "the server's own commands",
    inTests: at("@sluice/server", "start"),
    tests: [
      { path: "apps/server/test/plugins/Plugins.test.ts", by: "run with their own flags, print, and are listed in the help" },
      { path: "apps/server/test/plugins/Plugins.test.ts", by: "leave the names of sluice's own commands alone, also by an alias" }
    ],
    example: "Commands"
  },
  {
    title: "Management",
    does: "add routes and pages under one prefix, behind the operator's token",
    services: [at("Management", "Contribution"), at("Registries", "Managements")],
    byDefault: "none beside the gateway's own",
    inTests: at("Management", "routes"),
    tests: [
      { path: "packages/gateway/test/management/Management.test.ts", by: "answer under the prefix of their part, with parameters, query and body" },
      { path: "packages/gateway/test/management/Management.test.ts", by: "stand behind the gate and nowhere else" }
    ],
    example: "Management"
  },
  {
    title: "Models in the process",
    does: "ask the gateway's models from a program, through the same pipeline; try a failed setup again; be a language model of Effect, or use one",
    services: [
      at("CompletionClient", "CompletionClient"),
      at("CompletionModel", "CompletionModel"),
      at("Retrying", "retrying"),
      at("ai/LanguageModel", "layer"),
      at("ai/LanguageModelExecutor", "layer")
    ],
    byDefault: at("CompletionClient", "layer"),
    inTests: at("CompletionClient", "layerGateway"),
    tests: [
      { path: "test/in-process/Completion.test.ts", by: "fails in its setup where no answer begins" },
      { path: "test/in-process/Completion.test.ts", by: "fails in the middle where an answer breaks off, after what came of it" },
      { path: "test/in-process/Completion.test.ts", by: "is refused what its caller's limits do not allow, before anything is sent" },
      { path: "packages/gateway/test/Retrying.test.ts", by: "does not ask again for what goes wrong in the middle of an answer" },
      { path: "packages/gateway/test/Retrying.test.ts", by: "is never sooner than the provider asked for, and never later than the cap" },
      { path: "test/ai/LanguageModel.test.ts", by: "refuses what it cannot carry, or leaves it out and says so" },
      { path: "test/ai/LanguageModelExecutor.test.ts", by: "loses what a prompt has no place for" }
    ],
    example: "Models in the process"
  },
  {
    title: "Threads",
    does: "run a module nobody trusts in a thread of its own, with a time, a heap and checked answers",
    services: [at("WorkerInterceptor", "WorkerOptions"), at("WorkerModule", "WorkerInterceptorModule"), at("WorkerModule", "WorkerExtensionModule")],
    byDefault: "parts run on the event loop",
    inTests: at("WorkerInterceptor", "layer"),
    tests: [
      { path: "test/plane/Workers.test.ts", by: "changes requests, headers and replies, and knows who asks and what it was given of the head" },
      { path: "test/plane/Workers.test.ts", by: "that hangs fails nobody else's call" },
      { path: "test/plane/Workers.test.ts", by: "changes nothing where it does, and is fused after some faults" }
    ],
    example: "Threads"
  },
  {
    title: "Faults",
    does: "bound what a part that dies or hangs may cost, and leave it out after some faults",
    services: [at("Fuse", "Fuses"), at("GatewayPart", "GatewayPart")],
    byDefault: at("Fuse", "layer"),
    inTests: at("Fuse", "layer"),
    tests: [
      { path: "test/plane/Faults.test.ts", by: "is fused after so many faults" },
      { path: "packages/gateway/test/Authenticator.test.ts", by: "fails closed when a scheme dies, and says so in the log only" }
    ],
    example: "Faults"
  }
]
