/**
 * The update machine in one file, made from machines/*.ts by `npm run diagrams`: for Stately Studio, which imports no
 * second file ("New machine", "Import from code"). It needs nothing but xstate. Not what runs: change machines/update.ts.
 */
// machines/update.ts
import { assign, setup } from "xstate";

// machines/update-context.ts
var ASKED_PAUSE_CAP_MS = 864e5;
function initialContext(options) {
  return { options, release: null, result: null, failures: 0, rounds: 0 };
}
function updateFaultOf(error) {
  const { code, message, retryable, retryAfterMs } = error ?? {};
  return {
    code: code ?? "INTERNAL",
    message: message ?? String(error),
    retryable: retryable ?? false,
    ...retryAfterMs === void 0 ? {} : { retryAfterMs }
  };
}
function boundMs({ options, failures }) {
  const cap = Math.max(options.intervalMs, options.backoffMaxMs);
  return Math.min(options.intervalMs * 2 ** Math.min(failures, 20), cap);
}
function askedMs({ result }) {
  const asked = result?.kind === "failed" ? result.error.retryAfterMs ?? 0 : 0;
  return Math.min(asked, ASKED_PAUSE_CAP_MS);
}
function pauseMs(context) {
  return context.rounds === 0 ? context.options.firstDelayMs : Math.max(boundMs(context), askedMs(context));
}
function releaseOf(context) {
  return context.release ?? { digest: "sha256:", reference: "" };
}

// machines/unwired.ts
import { fromCallback, fromPromise } from "xstate";
function unwired(name) {
  throw new Error(`port "${name}" is not wired: provide it with machine.provide({ actors: { ${name} } })`);
}
var promisePort = (name) => fromPromise(async () => unwired(name));
var plan = promisePort("plan");
var bootstrap = promisePort("bootstrap");
var child = fromCallback(() => unwired("child"));
var commitWatch = fromCallback(() => unwired("commitWatch"));
var claim = promisePort("claim");
var revert = promisePort("revert");
var settle = promisePort("settle");
var check = promisePort("check");
var download = promisePort("download");
var extract = promisePort("extract");
var stageAttempt = promisePort("stageAttempt");

// machines/update.ts
var updateMachine = setup({
  types: {
    context: {},
    events: {},
    input: {},
    output: {}
  },
  actors: {
    check,
    download,
    extract,
    stageAttempt
  },
  delays: {
    /** Provided with jitter by `src/app`: chance has no place in a machine. */
    pause: ({ context }) => pauseMs(context)
  },
  actions: {
    rememberVerdict: assign(
      ({ context }, { verdict }) => verdict.kind === "available" ? { release: verdict.release } : { release: null, result: verdict, failures: 0, rounds: context.rounds + 1 }
    ),
    rememberFault: assign(({ context }, params) => ({
      result: { kind: "failed", error: updateFaultOf(params.error) },
      failures: context.failures + 1,
      rounds: context.rounds + 1
    })),
    rememberStaged: assign(({ context }) => ({
      result: { kind: "staged", digest: releaseOf(context).digest },
      failures: 0,
      rounds: context.rounds + 1
    }))
  },
  guards: {
    once: ({ context }) => context.options.once,
    isAvailable: (_, { verdict }) => verdict.kind === "available"
  }
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
      after: { pause: "check" }
    },
    check: {
      invoke: {
        src: "check",
        onDone: [
          {
            guard: { type: "isAvailable", params: ({ event }) => ({ verdict: event.output }) },
            target: "download",
            actions: { type: "rememberVerdict", params: ({ event }) => ({ verdict: event.output }) }
          },
          {
            target: "rounded",
            actions: { type: "rememberVerdict", params: ({ event }) => ({ verdict: event.output }) }
          }
        ],
        onError: { target: "rounded", actions: { type: "rememberFault", params: ({ event }) => event } }
      }
    },
    download: {
      invoke: {
        src: "download",
        input: ({ context }) => ({ release: releaseOf(context) }),
        onDone: "extract",
        onError: { target: "rounded", actions: { type: "rememberFault", params: ({ event }) => event } }
      }
    },
    extract: {
      invoke: {
        src: "extract",
        input: ({ context }) => ({ release: releaseOf(context) }),
        onDone: "stageAttempt",
        onError: { target: "rounded", actions: { type: "rememberFault", params: ({ event }) => event } }
      }
    },
    stageAttempt: {
      invoke: {
        src: "stageAttempt",
        input: ({ context }) => ({ release: releaseOf(context) }),
        onDone: { target: "staged", actions: "rememberStaged" },
        onError: { target: "rounded", actions: { type: "rememberFault", params: ({ event }) => event } }
      }
    },
    /** A round is over and nothing was staged. */
    rounded: { always: [{ guard: "once", target: "done" }, { target: "idle" }] },
    /** The app has to exit 42 now. */
    staged: { type: "final" },
    done: { type: "final" },
    stopped: { type: "final" }
  }
});
export {
  updateMachine
};
