// The shape that the four protocols of the benchmark have in common. Everything is plain data, written by hand from the specifications:
// the benchmark imports nothing of the gateway.

/** One event of a stream: the name where the protocol names its events, and its JSON. */
export interface StreamEvent {
  readonly name?: string
  readonly value: object
}

/** What a request asks for. */
export interface Ask {
  readonly model: string
  readonly tools: boolean
  readonly streamed: boolean
}

/** One protocol as the benchmark speaks it, as client and as upstream. */
export interface DialectWire {
  /** The provider's id in the gateway's configuration, and the base of its address there. */
  readonly provider: string
  readonly base: string
  readonly path: (ask: Ask) => string
  readonly headers: (key: string) => Readonly<Record<string, string>>
  readonly request: (ask: Ask) => object
  /** What only a whole answer contains: buffered, and at the end of a stream. */
  readonly proofs: { readonly buffered: string; readonly streamed: string }
  /** Whether its answers call the tool. */
  readonly calls: boolean
  readonly answer: () => object
  /** Exactly `count` events, the terminal below among them. */
  readonly events: (count: number) => ReadonlyArray<StreamEvent>
  /** An event at the end that is no JSON. */
  readonly terminal?: string
}
