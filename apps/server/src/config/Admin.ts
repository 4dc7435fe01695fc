/**
 * The `admin` section: the management surface under `/admin`, its document and its console. Who may use it is `auth.adminToken`'s to say.
 */
import { defaulted, flag, integer, list, optional, section, text } from "./Fields.ts"

/** The section. */
export const admin = section({
  enabled: defaulted(flag, true, "Whether there is a management surface: `/admin`, `/docs` and `/openapi.json`."),
  port: optional(
    integer(0, 65535),
    "A port of its own for the management surface, which then answers nowhere else; 0 takes a free one. Absent = it is served beside the gateway."
  ),
  host: defaulted(text, "127.0.0.1", "The address to listen on for `port`."),
  hosts: optional(
    list(text),
    "The host names, without ports, under which the surface is asked for; requests under others are refused. Absent = this machine's own names where only this machine reaches it, and any elsewhere."
  )
})
