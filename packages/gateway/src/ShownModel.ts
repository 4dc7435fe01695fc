/**
 * Forced mapping: answers name the model as the client did and not as the provider does. The record of the exchange keeps the
 * provider's own name, which prices and comparisons need.
 */
import type { CanonicalEvent, Frame } from "@sluice/protocol/CanonicalEvent"
import type { FrameStage } from "./Interceptor.ts"

const isStart = ({ type }: CanonicalEvent): boolean => type === "start"

/** The last stage of an answer whose model is to be shown by another name. It has no state. */
export const stage = (model: string): FrameStage => {
  const named = (event: CanonicalEvent): CanonicalEvent => event.type === "start" ? { ...event, model } : event
  const step = (frame: Frame): ReadonlyArray<Frame> => [frame.events.some(isStart) ? { ...frame, events: frame.events.map(named) } : frame]
  return { step }
}
