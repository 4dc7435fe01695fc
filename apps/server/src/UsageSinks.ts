/** The sinks of usage of the configuration. */
import * as UsageWebhook from "@sluice/gateway/sinks/UsageWebhook"
import { Layer } from "effect"
import type { Config } from "./Config.ts"

/** All of them. */
export const layer = ({ usage: { webhooks } }: Config) =>
  webhooks.reduce<ReturnType<typeof UsageWebhook.layer>>(
    (merged, { id, pageSize, private: isPrivate, secret, url }) =>
      Layer.merge(merged, UsageWebhook.layer({ id, url: new URL(url), secret, pageSize, client: { egress: { private: isPrivate } } })),
    Layer.empty
  )
