/**
 * The name under which losses of one kind are declared, counted and compared: the canonical pointer with stars for indexes and
 * for the client's own keys.
 */
import * as Pointer from "@sluice/protocol/Pointer"

/** Records with the caller's keys, and unknown wire keys. */
const openRecords = /\/(foreign|metadata|logitBias|headers)\/.*$/

/** Annotations are lost one by one or all at once. */
const oneAnnotation = /\/annotations\/\*$/

/** Indexes become stars, and so does whatever stands under `foreign`, `metadata`, `logitBias` and `headers`. */
export const lossPattern = (canonical: string): string => Pointer.pattern(canonical).replace(openRecords, "/$1/*").replace(oneAnnotation, "/annotations")
