/** What a rule about texts is told of the text it looks at: where it stands decides what may be changed in it. */

/**
 * `text` is said or read as it is, `arguments` is the JSON of a tool call, in which escapes and numbers keep their form, `reasoning` is
 * thinking, which may carry a proof that holds only for the words as they are.
 */
export type Passage = "text" | "arguments" | "reasoning"
