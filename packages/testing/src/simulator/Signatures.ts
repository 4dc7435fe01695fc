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

const stamped = (stamp: Buffer): Buffer => createHmac("sha256", "sluice simulator seal").update(stamp).digest()

/** A sealed form of a thought that can be recognised without the thought: its digest and a keyed digest of that, in base64. */
export const sealOf = (thought: string): string => {
  const stamp = createHmac("sha256", "sluice simulator").update(thought).digest()
  return Buffer.concat([stamp, stamped(stamp)]).toString("base64")
}

/** Whether the text is a seal the simulator gave out. */
export const isSeal = (seal: string): boolean => {
  const bytes = Buffer.from(seal, "base64")
  return bytes.length === 64 && stamped(bytes.subarray(0, 32)).equals(bytes.subarray(32))
}

/** The data of every redacted block the simulator emits. */
export const redactedData: string = `simredacted${digest("redacted")}`
