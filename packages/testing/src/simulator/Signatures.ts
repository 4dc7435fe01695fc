/**
 * Signatures of thinking blocks: a keyed digest of the thought, so that the simulator recognises its own without
 * remembering anything and refuses forged, altered or foreign ones as the real service does.
 */
import { createHmac } from "node:crypto"

const digest = (text: string): string => createHmac("sha256", "sluice simulator").update(text).digest("base64")

/** The signature of a thought. */
export const signatureOf = (thought: string): string => `sim${digest(thought)}`

/** Whether the signature is the one this thought was given. */
export const isSigned = (thought: string, signature: string): boolean => signature === signatureOf(thought)

/** The data of every redacted block the simulator emits. */
export const redactedData: string = `simredacted${digest("redacted")}`
