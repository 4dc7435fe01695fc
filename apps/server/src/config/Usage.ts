/** The section of sinks: where records of usage go beside the ledger. */
import { defaulted, flag, httpUrl, integer, list, required, secret, section, text } from "./Fields.ts"

/** The section. */
export const usage = section({
  webhooks: defaulted(
    list(section({
      id: required(
        text,
        "The name by which the ledger remembers how far the records have got. Under another name it is a new sink, which begins with what ends from then on."
      ),
      url: required(httpUrl, "The address records are posted to."),
      secret: required(secret, "What posts are signed with: `whsec_` and base64, as Standard Webhooks has it, or any other text."),
      pageSize: defaulted(integer(1, 1000), 100, "How many records one post may have."),
      private: defaulted(flag, false, "Whether the name in `url` may lead to an address of a private network.")
    })),
    [],
    "Addresses that are told of every exchange that has ended, at least once each, signed. What an address does not take waits in the ledger and is posted again, so keep `ledger.retention` longer than the longest outage."
  )
})
