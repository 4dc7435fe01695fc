/**
 * Stream codecs as pure state machines, and the small runner that holds a machine's state for one stream. The state type is
 * the dialect's own business: outside it a machine is only something that can be started.
 */

/** A pure machine: `step` per input, `end` when the input is over. */
export interface Machine<S, I, O, C, H> {
  readonly initial: (context: C) => S
  readonly step: (state: S, input: I) => readonly [S, O]
  readonly end: (state: S, how: H) => O
}

/** A machine at work on one stream. */
export interface Running<I, O, H> {
  readonly step: (input: I) => O
  /** The input is over; nothing may follow. */
  readonly end: (how: H) => O
}

/** Something that can be started once per stream. */
export interface Startable<I, O, C, H> {
  readonly start: (context: C) => Running<I, O, H>
}

/** Hides the state of a machine behind a runner. */
export const of = <S, I, O, C, H>(machine: Machine<S, I, O, C, H>): Startable<I, O, C, H> => ({
  start: (context) => {
    let state = machine.initial(context)
    return {
      step: (input) => {
        const [next, output] = machine.step(state, input)
        state = next
        return output
      },
      end: (how) => machine.end(state, how)
    }
  }
})
