/**
 * Names of tools and ids of calls, however hostile: each provider gets what it accepts, each client gets its own names back, and in
 * the next request every call and every result is again what it was.
 */
import { assert, it } from "@effect/vitest"
import * as OfferedTools from "@sluice/gateway/OfferedTools"
import type { Dialect } from "@sluice/protocol/Dialect"
import * as ToolNames from "@sluice/protocol/ToolNames"
import { Effect } from "effect"
import { describe } from "vitest"
import * as Draw from "../../packages/testing/src/arbitraries/Draw.ts"
import * as Codec from "../../packages/testing/src/laws/Codec.ts"
import * as Crossed from "./Crossed.ts"
import * as Wires from "./ToolWires.ts"

interface Rules {
  readonly dialect: Dialect
  /** What the provider accepts. */
  readonly name: RegExp
  readonly id: RegExp
}

const rules: Readonly<Record<Wires.Protocol, Rules>> = {
  chat: { dialect: Crossed.chat, name: /^[a-zA-Z0-9_-]{1,64}$/, id: /^.{1,40}$/ },
  responses: { dialect: Crossed.responses, name: /^[a-zA-Z0-9_-]{1,64}$/, id: /^.{1,64}$/ },
  messages: { dialect: Crossed.messages, name: /^[a-zA-Z0-9_-]{1,128}$/, id: /^[a-zA-Z0-9_-]+$/ },
  gemini: { dialect: Crossed.gemini, name: /^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$/, id: /^.+$/ }
}

const protocols = ["chat", "responses", "messages", "gemini"] as const

const letters = ["a", "B", "7", "_", "-", ".", ":", "/", " ", "ü", "💡", "__", "x".repeat(40), "y".repeat(70), "z".repeat(130)] as const

const text = (draw: Draw.Draw): string => draw.list(1, 4, () => draw.pick(letters)).join("")

const distinct = (values: ReadonlyArray<string>): ReadonlyArray<string> => [...new Set(values)]

interface Drawn {
  readonly names: ReadonlyArray<string>
  readonly calls: ReadonlyArray<{ readonly tool: number; readonly id: string; readonly at: string }>
}

const drawn = Draw.arbitrary((draw): Drawn => {
  const names = distinct(draw.list(1, 4, () => text(draw)))
  const ids = distinct(draw.list(1, 4, () => text(draw)))
  return { names, calls: ids.map((id) => ({ tool: draw.below(names.length), id, at: draw.pick(["x", "y"]) })) }
})

/** Ids that all protocols accept. */
const everywhere = /^[a-zA-Z0-9_-]{1,40}$/

const isUnique = (values: ReadonlyArray<string>): boolean => new Set(values).size === values.length

const seeded = { arbitrary: { seed: 31, runs: 120, size: 8 } }

for (const client of protocols) {
  for (const upstream of protocols) {
    if (client === upstream) continue
    describe(`from a client of ${client} to a provider of ${upstream} and back`, () => {
      const from = rules[client]
      const to = rules[upstream]

      it.effect.prop("names and ids keep their identity", [drawn], ([{ calls, names }]) =>
        Effect.sync(() => {
          const asked = Crossed.asked(from.dialect, Wires.request(client, names))
          const sent = to.dialect.request.encode(asked)
          const offered = Wires.offered(upstream, Codec.transmit(sent.body))
          assert.lengthOf(offered, names.length)
          assert.isTrue(isUnique(offered), `offered: ${offered}`)
          for (const name of offered) assert.match(name, to.name)

          const answered = calls.map(({ at, id, tool }) => ({ id, name: offered[tool] ?? "", arguments: { at } }))
          const give = OfferedTools.giveBack(ToolNames.changed(asked.tools ?? [], sent.renamed))
          const frame = give(to.dialect.response.decode(Wires.answer(upstream, answered)))
          const context = Codec.contextFor(asked)
          const seen = Wires.given(client, Codec.transmit(from.dialect.response.encode(frame === undefined ? [] : [frame], context)))
          assert.deepStrictEqual(seen.map(({ name }) => name), calls.map(({ tool }) => names[tool]))
          assert.isTrue(isUnique(seen.map(({ id }) => id)), `ids the client sees: ${seen.map(({ id }) => id)}`)
          assert.deepStrictEqual(seen.map((call) => call.arguments), answered.map((call) => call.arguments))

          const next = to.dialect.request.encode(Crossed.asked(from.dialect, Wires.request(client, names, seen)))
          const body = Codec.transmit(next.body)
          const again = Wires.calledIn(upstream, body)
          assert.deepStrictEqual(Wires.offered(upstream, body), offered)
          assert.deepStrictEqual(again.map(({ name }) => name), answered.map(({ name }) => name))
          const ids = again.map(({ id }) => id)
          for (const id of ids) assert.match(id, to.id)
          assert.isTrue(isUnique(ids), `ids the provider sees: ${ids}`)
          assert.deepStrictEqual(Wires.answeredIn(upstream, body), ids.map((id, index) => [id, index]))
          for (const [index, { id }] of answered.entries()) if (everywhere.test(id)) assert.deepStrictEqual([seen[index]?.id, ids[index]], [id, id])
        }), seeded)

      it.effect.prop("calls whose ids the client leaves out are answered in their order", [drawn], ([{ calls, names }]) =>
        Effect.sync(() => {
          if (client !== "gemini") return
          const seen = calls.map(({ at, tool }) => ({ id: "", name: names[tool] ?? "", arguments: { at } }))
          const body = Codec.transmit(to.dialect.request.encode(Crossed.asked(from.dialect, Wires.request(client, names, seen))).body)
          const ids = Wires.calledIn(upstream, body).map(({ id }) => id)
          assert.isTrue(isUnique(ids), `ids the provider sees: ${ids}`)
          assert.deepStrictEqual([...Wires.answeredIn(upstream, body)].sort((left, right) => left[1] - right[1]), ids.map((id, index) => [id, index]))
        }), seeded)
    })
  }
}
