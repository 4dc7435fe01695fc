/** Tools, calls and results on the wire of each protocol, written and read by hand: what tests of the identity of tools compare. */
import type { Json, JsonObject } from "@sluice/protocol/Wire"

/** The protocols. */
export type Protocol = "chat" | "responses" | "messages" | "gemini"

/** A call as it stands on a wire. */
export interface WireCall {
  readonly id: string
  readonly name: string
  readonly arguments: JsonObject
}

/** A parsed body of any protocol. */
type Body = ReturnType<typeof JSON.parse>

const schema: JsonObject = { type: "object", properties: { at: { type: "string" } } }

/** A client's request that offers tools and, where there are any, brings back an answer's calls with a result for each. */
export const request = (protocol: Protocol, names: ReadonlyArray<string>, calls: ReadonlyArray<WireCall> = []): Json => {
  switch (protocol) {
    case "chat":
      return {
        model: "m",
        tools: names.map((name) => ({ type: "function", function: { name, parameters: schema } })),
        messages: [
          { role: "user", content: "Look." },
          ...(calls.length === 0 ? [] : [{
            role: "assistant",
            content: null,
            tool_calls: calls.map((call) => ({ id: call.id, type: "function", function: { name: call.name, arguments: JSON.stringify(call.arguments) } }))
          }]),
          ...calls.map(({ id }, index) => ({ role: "tool", tool_call_id: id, content: `result ${index}` }))
        ]
      }
    case "responses":
      return {
        model: "m",
        tools: names.map((name) => ({ type: "function", name, parameters: schema, strict: false })),
        input: [
          { role: "user", content: "Look." },
          ...calls.map((call) => ({ type: "function_call", call_id: call.id, name: call.name, arguments: JSON.stringify(call.arguments) })),
          ...calls.map(({ id }, index) => ({ type: "function_call_output", call_id: id, output: `result ${index}` }))
        ]
      }
    case "messages":
      return {
        model: "m",
        max_tokens: 100,
        tools: names.map((name) => ({ name, input_schema: schema })),
        messages: [
          { role: "user", content: "Look." },
          ...(calls.length === 0 ? [] : [
            { role: "assistant", content: calls.map((call) => ({ type: "tool_use", id: call.id, name: call.name, input: call.arguments })) },
            { role: "user", content: calls.map(({ id }, index) => ({ type: "tool_result", tool_use_id: id, content: `result ${index}` })) }
          ])
        ]
      }
    case "gemini":
      return {
        tools: [{ functionDeclarations: names.map((name) => ({ name, parametersJsonSchema: schema })) }],
        contents: [
          { role: "user", parts: [{ text: "Look." }] },
          ...(calls.length === 0 ? [] : [
            { role: "model", parts: calls.map((call) => ({ functionCall: { ...idOf(call), name: call.name, args: call.arguments } })) },
            {
              role: "user",
              parts: calls.map((call, index) => ({ functionResponse: { ...idOf(call), name: call.name, response: { result: `result ${index}` } } }))
            }
          ])
        ]
      }
  }
}

/** Gemini's calls may have no id. */
const idOf = ({ id }: WireCall): JsonObject => id === "" ? {} : { id }

/** A provider's whole answer of nothing but calls. */
export const answer = (protocol: Protocol, calls: ReadonlyArray<WireCall>): JsonObject => {
  switch (protocol) {
    case "chat": {
      const wire = calls.map((call) => ({ id: call.id, type: "function", function: { name: call.name, arguments: JSON.stringify(call.arguments) } }))
      return {
        id: "a1",
        object: "chat.completion",
        created: 1,
        model: "m",
        choices: [{ index: 0, message: { role: "assistant", content: null, tool_calls: wire }, finish_reason: "tool_calls" }]
      }
    }
    case "responses":
      return {
        id: "resp_1",
        object: "response",
        created_at: 1,
        model: "m",
        status: "completed",
        output: calls.map((call, index) => ({
          type: "function_call",
          id: `fc_${index}`,
          call_id: call.id,
          name: call.name,
          arguments: JSON.stringify(call.arguments),
          status: "completed"
        }))
      }
    case "messages":
      return {
        id: "msg_1",
        type: "message",
        role: "assistant",
        model: "m",
        content: calls.map((call) => ({ type: "tool_use", id: call.id, name: call.name, input: call.arguments })),
        stop_reason: "tool_use",
        stop_sequence: null,
        usage: { input_tokens: 1, output_tokens: 1 }
      }
    case "gemini":
      return {
        responseId: "r1",
        candidates: [{
          index: 0,
          finishReason: "STOP",
          content: { role: "model", parts: calls.map((call) => ({ functionCall: { ...idOf(call), name: call.name, args: call.arguments } })) }
        }]
      }
  }
}

/** The names a provider is offered tools under. */
export const offered = (protocol: Protocol, body: Body): ReadonlyArray<string> => {
  switch (protocol) {
    case "chat":
      return body.tools.map((tool: Body) => tool.function.name)
    case "gemini":
      return body.tools.flatMap((tool: Body) => tool.functionDeclarations.map((one: Body) => one.name))
    default:
      return body.tools.map((tool: Body) => tool.name)
  }
}

/** The calls a client is given. */
export const given = (protocol: Protocol, body: Body): ReadonlyArray<WireCall> => {
  switch (protocol) {
    case "chat":
      return calledIn(protocol, { messages: [body.choices[0].message] })
    case "responses":
      return calledIn(protocol, { input: body.output })
    case "messages":
      return calledIn(protocol, { messages: [{ role: "assistant", content: body.content }] })
    case "gemini":
      return calledIn(protocol, { contents: [body.candidates[0].content] })
  }
}

/** The calls in the conversation a provider is sent. */
export const calledIn = (protocol: Protocol, body: Body): ReadonlyArray<WireCall> => {
  switch (protocol) {
    case "chat":
      return body.messages.flatMap((message: Body) =>
        (message.tool_calls ?? []).map((call: Body) => ({ id: call.id, name: call.function.name, arguments: JSON.parse(call.function.arguments) }))
      )
    case "responses":
      return body.input.flatMap((item: Body) =>
        item.type === "function_call" ? [{ id: item.call_id, name: item.name, arguments: JSON.parse(item.arguments) }] : []
      )
    case "messages":
      return body.messages.flatMap((message: Body) =>
        Array.isArray(message.content)
          ? message.content.flatMap((block: Body) => block.type === "tool_use" ? [{ id: block.id, name: block.name, arguments: block.input }] : [])
          : []
      )
    case "gemini":
      return body.contents.flatMap((content: Body) =>
        content.parts.flatMap(({ functionCall: call }: Body) => call === undefined ? [] : [{ id: call.id ?? "", name: call.name, arguments: call.args }])
      )
  }
}

/** The ids that results in the conversation a provider is sent answer, and the number each result has in its words. */
export const answeredIn = (protocol: Protocol, body: Body): ReadonlyArray<readonly [id: string, result: number]> => {
  const number = (value: Body): number => Number(/result (\d+)/.exec(JSON.stringify(value))?.[1])
  switch (protocol) {
    case "chat":
      return body.messages.flatMap((message: Body) => message.role === "tool" ? [[message.tool_call_id, number(message.content)]] : [])
    case "responses":
      return body.input.flatMap((item: Body) => item.type === "function_call_output" ? [[item.call_id, number(item.output)]] : [])
    case "messages":
      return body.messages.flatMap((message: Body) =>
        Array.isArray(message.content)
          ? message.content.flatMap((block: Body) => block.type === "tool_result" ? [[block.tool_use_id, number(block.content)]] : [])
          : []
      )
    case "gemini":
      return body.contents.flatMap((content: Body) =>
        content.parts.flatMap(({ functionResponse: response }: Body) => response === undefined ? [] : [[response.id ?? "", number(response.response)]])
      )
  }
}
