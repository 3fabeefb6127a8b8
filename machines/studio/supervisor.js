/**
 * The supervisor machine in one file, made from machines/*.ts by `npm run diagrams`: for Stately Studio, which imports no
 * second file ("New machine", "Import from code"). It needs nothing but xstate. Not what runs: change machines/supervisor.ts.
 */
// machines/supervisor.ts
import { assign, enqueueActions, sendTo, setup, spawnChild, stopChild } from "xstate";

// machines/decisions.ts
var RESTART_EXIT_CODE = 42;
var SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 };
var RESTART_DELAY_CAP_MS = 6e4;
function isRestart(exit) {
  return exit?.kind === "code" && exit.code === RESTART_EXIT_CODE;
}
function isAbnormal(exit) {
  return exit !== null && !isRestart(exit) && !(exit.kind === "code" && exit.code === 0);
}
function exitCodeOf(exit) {
  return exit.kind === "signal" ? 128 + exit.number : exit.code;
}
function restartDelayMs(restarts) {
  return restarts <= 1 ? 0 : Math.min(1e3 * 2 ** (restarts - 2), RESTART_DELAY_CAP_MS);
}
function outcomeOf(facts) {
  const { fault, shutdown, lastExit, reason } = facts;
  if (fault !== null) return { exitCode: fault.exitCode, fault };
  if (shutdown !== null && (lastExit === null || isRestart(lastExit))) {
    return { exitCode: 128 + (SIGNAL_NUMBERS[shutdown] ?? 15), fault };
  }
  if (reason?.kind === "timeout" && shutdown === null) return { exitCode: 1, fault };
  if (lastExit === null) return { exitCode: 0, fault };
  return { exitCode: isRestart(lastExit) ? 1 : exitCodeOf(lastExit), fault };
}

// machines/supervisor-context.ts
function initialContext(options) {
  return {
    options,
    plan: { kind: "empty" },
    alive: false,
    lastExit: null,
    reason: null,
    claimed: false,
    stoppedFirst: false,
    onProbation: false,
    shutdown: null,
    fault: null,
    restarts: 0,
    pendingDelayMs: 0,
    bootstrapped: false
  };
}
function digestOf(plan2) {
  return plan2.kind === "empty" ? "sha256:" : plan2.digest;
}
function reasonOf({ reason, options }) {
  return reason ?? { kind: "timeout", afterMs: options.trialTimeoutMs };
}
function faultOf(error) {
  const { code, message, exitCode } = error ?? {};
  return { code: code ?? "INTERNAL", message: message ?? String(error), exitCode: exitCode ?? 70 };
}

// machines/supervisor-guards.ts
function exitAtHand(args) {
  return args.event.type === "CHILD.EXITED" ? args.event.exit : args.context.lastExit;
}
var guards = {
  alive: ({ context }) => context.alive,
  gone: ({ context }) => !context.alive,
  calm: ({ context }) => context.shutdown === null,
  shuttingDown: ({ context }) => context.shutdown !== null,
  askedTwice: ({ context }) => context.shutdown !== null && context.alive,
  onProbation: ({ context }) => context.onProbation,
  faulty: ({ context }) => context.fault !== null,
  claimed: ({ context }) => context.claimed,
  trialPlanned: ({ context }) => context.plan.kind === "trial",
  stablePlanned: ({ context }) => context.plan.kind === "stable",
  delayed: ({ context }) => context.pendingDelayMs > 0,
  bootstrapped: ({ context }) => context.bootstrapped,
  endsOnFailure: ({ context }) => context.options.onTrialFailure === "exit" && context.reason?.kind !== "crashed-on-probation",
  committedOnTrial: ({ context, event }) => event.type === "LINK.COMMITTED" && digestOf(context.plan) === event.digest,
  claimLost: (_, params) => params.claim === "committed",
  restartAsked: (args) => args.context.shutdown === null && isRestart(exitAtHand(args)),
  crashedEarly: (args) => args.context.shutdown === null && args.context.onProbation && isAbnormal(exitAtHand(args)),
  /** It had committed in the instant in which we killed it: it deserves to run. */
  killedAsCommitted: ({ context }) => context.shutdown === null && context.stoppedFirst
};

// machines/supervisor-updates.ts
var markAlive = () => ({
  alive: true,
  lastExit: null,
  reason: null,
  claimed: false,
  stoppedFirst: false,
  bootstrapped: false
});
var rememberExit = (args) => ({ lastExit: exitAtHand(args), alive: false });
var rememberShutdown = ({ event }) => event.type === "SHUTDOWN" ? { shutdown: event.signal } : {};
var rememberFault = (_, params) => ({ fault: faultOf(params.error) });
var rememberClaim = ({ context }, params) => ({
  claimed: params.claim === "claimed",
  stoppedFirst: context.stoppedFirst || params.claim === "stop-first" && context.alive
});
var blameTimeout = ({ context }) => ({
  reason: { kind: "timeout", afterMs: context.options.trialTimeoutMs }
});
var blameExit = (args) => {
  const exit = exitAtHand(args);
  return exit === null ? {} : { reason: { kind: "exited", exit } };
};
var blameCrash = (args) => {
  const exit = exitAtHand(args);
  return exit === null ? {} : { reason: { kind: "crashed-on-probation", exit } };
};
var blameEmptyDownload = () => ({
  fault: { code: "NOTHING_TO_RUN", message: "the first download left nothing to run", exitCode: 69 }
});
var startProbation = ({ context: { options, plan: plan2 } }) => ({
  reason: null,
  onProbation: options.probationMs > 0 && (plan2.kind === "trial" || plan2.kind === "stable" && plan2.onProbation)
});
var countRestart = ({ context: { restarts } }) => ({
  restarts: restarts + 1,
  pendingDelayMs: restartDelayMs(restarts + 1)
});

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

// machines/supervisor.ts
var supervisorMachine = setup({
  types: {
    context: {},
    events: {},
    input: {},
    output: {},
    children: {}
  },
  actors: {
    plan,
    bootstrap,
    child,
    commitWatch,
    claim,
    revert,
    settle
  },
  delays: {
    trialTimeout: ({ context }) => context.options.trialTimeoutMs,
    probation: ({ context }) => context.options.probationMs,
    restart: ({ context }) => context.pendingDelayMs,
    /** An app that ran this long is no restart storm. */
    settledUptime: 1e4
  },
  actions: {
    rememberPlan: assign((_, params) => ({ plan: params.plan })),
    rememberFault: assign(rememberFault),
    rememberClaim: assign(rememberClaim),
    rememberShutdown: assign(rememberShutdown),
    rememberExit: assign(rememberExit),
    /** Between two children: the end of the last one is no answer to a shutdown. */
    forgetExit: assign({ lastExit: null }),
    markAlive: assign(markAlive),
    markBootstrapped: assign({ bootstrapped: true }),
    blameTimeout: assign(blameTimeout),
    blameExit: assign(blameExit),
    blameCrash: assign(blameCrash),
    blameEmptyDownload: assign(blameEmptyDownload),
    startProbation: assign(startProbation),
    endProbation: assign({ onProbation: false }),
    countRestart: assign(countRestart),
    clearDelay: assign({ pendingDelayMs: 0 }),
    clearRestarts: assign({ restarts: 0, pendingDelayMs: 0 }),
    startChild: spawnChild("child", { id: "child", input: ({ context: { plan: plan2 } }) => ({ plan: plan2 }) }),
    stopChild: sendTo("child", ({ context }) => ({ type: "STOP", signal: context.shutdown ?? "SIGTERM" })),
    killChild: sendTo("child", { type: "KILL" }),
    signalChild: enqueueActions(({ event, enqueue }) => {
      if (event.type === "SIGNAL") enqueue.sendTo("child", event);
    }),
    /** KILL where the app has to be dead before the claim: in a grace it could act on the link it misreads. */
    stopLoser: enqueueActions(({ context, enqueue }) => {
      if (context.alive)
        enqueue.sendTo("child", context.claimed ? { type: "STOP", signal: "SIGTERM" } : { type: "KILL" });
    })
  },
  guards
}).createMachine({
  id: "supervisor",
  options: { maxIterations: 100 },
  context: ({ input }) => initialContext(input),
  output: ({ context }) => outcomeOf(context),
  initial: "idle",
  on: { SIGNAL: { guard: "alive", actions: "signalChild" } },
  states: {
    idle: {
      on: { START: "launching", SHUTDOWN: { target: "exited", actions: "rememberShutdown" } }
    },
    launching: {
      initial: "planning",
      on: { SHUTDOWN: { target: "exited", actions: ["forgetExit", "rememberShutdown"] } },
      states: {
        planning: {
          invoke: {
            src: "plan",
            onDone: {
              target: "planned",
              actions: { type: "rememberPlan", params: ({ event }) => ({ plan: event.output }) }
            },
            onError: { target: "#supervisor.exited", actions: { type: "rememberFault", params: ({ event }) => event } }
          }
        },
        planned: {
          always: [
            {
              guard: "trialPlanned",
              target: "#supervisor.trial",
              actions: ["markAlive", "clearRestarts", "startChild"]
            },
            { guard: "delayed", target: "waiting" },
            { guard: "stablePlanned", target: "#supervisor.committed", actions: ["markAlive", "startChild"] },
            { guard: "bootstrapped", target: "#supervisor.exited", actions: "blameEmptyDownload" },
            { target: "bootstrapping" }
          ]
        },
        waiting: { after: { restart: { target: "planning", actions: "clearDelay" } } },
        bootstrapping: {
          invoke: {
            src: "bootstrap",
            onDone: { target: "planning", actions: "markBootstrapped" },
            onError: { target: "#supervisor.exited", actions: { type: "rememberFault", params: ({ event }) => event } }
          }
        }
      }
    },
    trial: {
      invoke: { src: "commitWatch", input: ({ context }) => ({ digest: digestOf(context.plan) }) },
      after: { trialTimeout: { guard: "calm", target: "rollingBack", actions: "blameTimeout" } },
      on: {
        "LINK.COMMITTED": { guard: "committedOnTrial", target: "committed" },
        "CHILD.EXITED": [
          { guard: "shuttingDown", target: "exited", actions: ["rememberExit", stopChild("child")] },
          { target: "rollingBack", actions: ["rememberExit", "blameExit", stopChild("child")] }
        ],
        SHUTDOWN: [{ guard: "shuttingDown", actions: "killChild" }, { actions: ["rememberShutdown", "stopChild"] }]
      }
    },
    committed: {
      type: "parallel",
      entry: "startProbation",
      on: {
        "CHILD.EXITED": [
          { guard: "restartAsked", target: "launching", actions: ["rememberExit", "countRestart", stopChild("child")] },
          {
            guard: "crashedEarly",
            target: "rollingBack.reverting",
            actions: ["rememberExit", "blameCrash", stopChild("child")]
          },
          { target: "exited", actions: ["rememberExit", stopChild("child")] }
        ],
        SHUTDOWN: [{ guard: "shuttingDown", actions: "killChild" }, { actions: ["rememberShutdown", "stopChild"] }]
      },
      states: {
        probation: {
          initial: "choosing",
          states: {
            choosing: { always: [{ guard: "onProbation", target: "watched" }, "over"] },
            watched: { after: { probation: { target: "settling", actions: "endProbation" } } },
            settling: {
              invoke: {
                src: "settle",
                input: ({ context }) => ({ digest: digestOf(context.plan) }),
                onDone: "over",
                onError: "over"
              }
            },
            over: {}
          }
        },
        uptime: {
          initial: "young",
          states: { young: { after: { settledUptime: { target: "settled", actions: "clearRestarts" } } }, settled: {} }
        }
      }
    },
    rollingBack: {
      initial: "claiming",
      on: {
        "CHILD.EXITED": { actions: ["rememberExit", stopChild("child")] },
        SHUTDOWN: [
          { guard: "askedTwice", actions: "killChild" },
          { guard: "alive", actions: ["rememberShutdown", "stopChild"] },
          { actions: "rememberShutdown" }
        ]
      },
      states: {
        /** One rename decides; until then nothing is known about the version. */
        claiming: {
          invoke: {
            src: "claim",
            input: ({ context }) => ({
              digest: digestOf(context.plan),
              reason: reasonOf(context),
              childAlive: context.alive
            }),
            onDone: [
              { guard: { type: "claimLost", params: ({ event }) => ({ claim: event.output }) }, target: "lost" },
              {
                target: "stopping",
                actions: { type: "rememberClaim", params: ({ event }) => ({ claim: event.output }) }
              }
            ],
            onError: { target: "stopping", actions: { type: "rememberFault", params: ({ event }) => event } }
          }
        },
        /** Until the child is gone; its adapter bounds the wait. */
        stopping: { entry: "stopLoser", always: [{ guard: "alive", target: "burying" }, "judging"] },
        burying: { always: { guard: "gone", target: "judging" } },
        judging: {
          always: [
            { guard: "faulty", target: "#supervisor.exited" },
            { guard: "claimed", target: "restored" },
            { target: "claiming" }
          ]
        },
        /** The app won the rename: its commit counts, whatever became of the process. */
        lost: {
          entry: "startProbation",
          always: [
            { guard: "alive", target: "#supervisor.committed" },
            { guard: "killedAsCommitted", target: "#supervisor.launching" },
            { guard: "restartAsked", target: "#supervisor.launching", actions: "countRestart" },
            { guard: "crashedEarly", target: "reverting", actions: "blameCrash" },
            { target: "#supervisor.exited" }
          ]
        },
        /** Takes a committed version back: flips the link to the previous one. */
        reverting: {
          invoke: {
            src: "revert",
            input: ({ context }) => ({ digest: digestOf(context.plan), reason: reasonOf(context) }),
            onDone: "restored",
            onError: { target: "#supervisor.exited", actions: { type: "rememberFault", params: ({ event }) => event } }
          }
        },
        restored: {
          always: [
            { guard: "shuttingDown", target: "#supervisor.exited" },
            { guard: "endsOnFailure", target: "#supervisor.exited" },
            { target: "#supervisor.launching" }
          ]
        }
      }
    },
    exited: { type: "final" }
  }
});
export {
  supervisorMachine
};
