/** Why a file cannot be read, in words that say what to look at. */
import type { PlatformError } from "effect"

/** The words for a failed read. */
export const fileProblem = ({ reason }: PlatformError.PlatformError): string => {
  switch (reason._tag) {
    case "NotFound":
      return "there is no such file"
    case "PermissionDenied":
      return "this user may not read it"
    default:
      return reason.message
  }
}
