/**
 * The update machine: how an app looks for a newer image and stages it.
 * Pure: every effect is a port, provided by `src/app/update.ts`.
 *
 * Invariants (test/model): nothing is staged that was not checked, downloaded and extracted in this round, in this
 * order; a failure of any step ends the round and changes nothing; STOP ends the machine from every state.
 */
import { assign, setup } from "xstate";
import type { Verdict } from "./ports.ts";
import { initialContext, pauseMs, releaseOf, updateFaultOf } from "./update-context.ts";
import type { UpdateContext, UpdateEvent, UpdateOptions, UpdateOutcome } from "./update-context.ts";
import * as unwired from "./unwired.ts";

export const updateMachine = setup({
  types: {
    context: {} as UpdateContext,
    events: {} as UpdateEvent,
    input: {} as UpdateOptions,
    output: {} as UpdateOutcome,
  },
  actors: {
    check: unwired.check,
    download: unwired.download,
    extract: unwired.extract,
    stageAttempt: unwired.stageAttempt,
  },
  delays: {
    /** Provided with jitter by `src/app`: chance has no place in a machine. */
    pause: ({ context }) => pauseMs(context),
  },
  actions: {
    rememberVerdict: assign(({ context }, { verdict }: { verdict: Verdict }) =>
      verdict.kind === "available"
        ? { release: verdict.release }
        : { release: null, result: verdict, failures: 0, rounds: context.rounds + 1 },
    ),
    rememberFault: assign(({ context }, params: { error: unknown }) => ({
      result: { kind: "failed", error: updateFaultOf(params.error) } as const,
      failures: context.failures + 1,
      rounds: context.rounds + 1,
    })),
    rememberStaged: assign(({ context }) => ({
      result: { kind: "staged", digest: releaseOf(context).digest } as const,
      failures: 0,
      rounds: context.rounds + 1,
    })),
  },
  guards: {
    once: ({ context }) => context.options.once,
    isAvailable: (_, { verdict }: { verdict: Verdict }) => verdict.kind === "available",
  },
}).createMachine({
  id: "update",
  options: { maxIterations: 100 },
  context: ({ input }) => initialContext(input),
  output: ({ context }) => context.result,
  initial: "starting",
  on: { STOP: ".stopped" },
  states: {
    starting: { always: [{ guard: "once", target: "check" }, { target: "idle" }] },

    /** Rests until the next round. */
    idle: {
      on: { CHECK: "check" },
      after: { pause: "check" },
    },

    check: {
      invoke: {
        src: "check",
        onDone: [
          {
            guard: { type: "isAvailable", params: ({ event }) => ({ verdict: event.output }) },
            target: "download",
            actions: { type: "rememberVerdict", params: ({ event }) => ({ verdict: event.output }) },
          },
          {
            target: "rounded",
            actions: { type: "rememberVerdict", params: ({ event }) => ({ verdict: event.output }) },
          },
        ],
        onError: { target: "rounded", actions: { type: "rememberFault", params: ({ event }) => event } },
      },
    },

    download: {
      invoke: {
        src: "download",
        input: ({ context }) => ({ release: releaseOf(context) }),
        onDone: "extract",
        onError: { target: "rounded", actions: { type: "rememberFault", params: ({ event }) => event } },
      },
    },

    extract: {
      invoke: {
        src: "extract",
        input: ({ context }) => ({ release: releaseOf(context) }),
        onDone: "stageAttempt",
        onError: { target: "rounded", actions: { type: "rememberFault", params: ({ event }) => event } },
      },
    },

    stageAttempt: {
      invoke: {
        src: "stageAttempt",
        input: ({ context }) => ({ release: releaseOf(context) }),
        onDone: { target: "staged", actions: "rememberStaged" },
        onError: { target: "rounded", actions: { type: "rememberFault", params: ({ event }) => event } },
      },
    },

    /** A round is over and nothing was staged. */
    rounded: { always: [{ guard: "once", target: "done" }, { target: "idle" }] },

    /** The app has to exit 42 now. */
    staged: { type: "final" },
    done: { type: "final" },
    stopped: { type: "final" },
  },
});
