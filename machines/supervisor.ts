/**
 * The supervisor machine: what the loader does between two exits of its child.
 * Pure: every effect is a port, provided by `src/supervisor/run.ts`; every decision is made here.
 *
 * Invariants (test/model): trial and committed have a live child; exited has none; committed never follows a
 * claimed trial; after SHUTDOWN the next CHILD.EXITED leads to exited; no state is a dead end.
 */
import { assign, enqueueActions, sendTo, setup, spawnChild, stopChild } from "xstate";
import { type Outcome, outcomeOf } from "./decisions.ts";
import type { LaunchPlan } from "./ports.ts";
import { digestOf, initialContext, reasonOf } from "./supervisor-context.ts";
import type { SupervisorContext, SupervisorEvent, SupervisorOptions } from "./supervisor-context.ts";
import { guards } from "./supervisor-guards.ts";
import * as updates from "./supervisor-updates.ts";
import * as unwired from "./unwired.ts";

export const supervisorMachine = setup({
  types: {
    context: {} as SupervisorContext,
    events: {} as SupervisorEvent,
    input: {} as SupervisorOptions,
    output: {} as Outcome,
    children: {} as { child: "child" },
  },
  actors: {
    plan: unwired.plan,
    bootstrap: unwired.bootstrap,
    child: unwired.child,
    commitWatch: unwired.commitWatch,
    claim: unwired.claim,
    revert: unwired.revert,
    settle: unwired.settle,
  },
  delays: {
    trialTimeout: ({ context }) => context.options.trialTimeoutMs,
    probation: ({ context }) => context.options.probationMs,
    restart: ({ context }) => context.pendingDelayMs,
    /** An app that ran this long is no restart storm. */
    settledUptime: 10_000,
  },
  actions: {
    rememberPlan: assign((_, params: { plan: LaunchPlan }) => ({ plan: params.plan })),
    rememberFault: assign(updates.rememberFault),
    rememberClaim: assign(updates.rememberClaim),
    rememberShutdown: assign(updates.rememberShutdown),
    rememberExit: assign(updates.rememberExit),
    /** Between two children: the end of the last one is no answer to a shutdown. */
    forgetExit: assign({ lastExit: null }),
    markAlive: assign(updates.markAlive),
    markBootstrapped: assign({ bootstrapped: true }),
    blameTimeout: assign(updates.blameTimeout),
    blameExit: assign(updates.blameExit),
    blameCrash: assign(updates.blameCrash),
    blameEmptyDownload: assign(updates.blameEmptyDownload),
    startProbation: assign(updates.startProbation),
    endProbation: assign({ onProbation: false }),
    countRestart: assign(updates.countRestart),
    clearDelay: assign({ pendingDelayMs: 0 }),
    clearRestarts: assign({ restarts: 0, pendingDelayMs: 0 }),
    startChild: spawnChild("child", { id: "child", input: ({ context: { plan } }) => ({ plan }) }),
    stopChild: sendTo("child", ({ context }) => ({ type: "STOP" as const, signal: context.shutdown ?? "SIGTERM" })),
    killChild: sendTo("child", { type: "KILL" as const }),
    signalChild: enqueueActions(({ event, enqueue }) => {
      if (event.type === "SIGNAL") enqueue.sendTo("child", event);
    }),
    /** KILL where the app has to be dead before the claim: in a grace it could act on the link it misreads. */
    stopLoser: enqueueActions(({ context, enqueue }) => {
      if (context.alive)
        enqueue.sendTo("child", context.claimed ? { type: "STOP", signal: "SIGTERM" } : { type: "KILL" });
    }),
  },
  guards,
}).createMachine({
  id: "supervisor",
  options: { maxIterations: 100 },
  context: ({ input }) => initialContext(input),
  output: ({ context }) => outcomeOf(context),
  initial: "idle",
  on: { SIGNAL: { guard: "alive", actions: "signalChild" } },
  states: {
    idle: {
      on: { START: "launching", SHUTDOWN: { target: "exited", actions: "rememberShutdown" } },
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
              actions: { type: "rememberPlan", params: ({ event }) => ({ plan: event.output }) },
            },
            onError: { target: "#supervisor.exited", actions: { type: "rememberFault", params: ({ event }) => event } },
          },
        },
        planned: {
          always: [
            {
              guard: "trialPlanned",
              target: "#supervisor.trial",
              actions: ["markAlive", "clearRestarts", "startChild"],
            },
            { guard: "delayed", target: "waiting" },
            { guard: "stablePlanned", target: "#supervisor.committed", actions: ["markAlive", "startChild"] },
            { guard: "bootstrapped", target: "#supervisor.exited", actions: "blameEmptyDownload" },
            { target: "bootstrapping" },
          ],
        },
        waiting: { after: { restart: { target: "planning", actions: "clearDelay" } } },
        bootstrapping: {
          invoke: {
            src: "bootstrap",
            onDone: { target: "planning", actions: "markBootstrapped" },
            onError: { target: "#supervisor.exited", actions: { type: "rememberFault", params: ({ event }) => event } },
          },
        },
      },
    },

    trial: {
      invoke: { src: "commitWatch", input: ({ context }) => ({ digest: digestOf(context.plan) }) },
      after: { trialTimeout: { guard: "calm", target: "rollingBack", actions: "blameTimeout" } },
      on: {
        "LINK.COMMITTED": { guard: "committedOnTrial", target: "committed" },
        "CHILD.EXITED": [
          { guard: "shuttingDown", target: "exited", actions: ["rememberExit", stopChild("child")] },
          { target: "rollingBack", actions: ["rememberExit", "blameExit", stopChild("child")] },
        ],
        SHUTDOWN: [{ guard: "shuttingDown", actions: "killChild" }, { actions: ["rememberShutdown", "stopChild"] }],
      },
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
            actions: ["rememberExit", "blameCrash", stopChild("child")],
          },
          { target: "exited", actions: ["rememberExit", stopChild("child")] },
        ],
        SHUTDOWN: [{ guard: "shuttingDown", actions: "killChild" }, { actions: ["rememberShutdown", "stopChild"] }],
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
                onError: "over",
              },
            },
            over: {},
          },
        },
        uptime: {
          initial: "young",
          states: { young: { after: { settledUptime: { target: "settled", actions: "clearRestarts" } } }, settled: {} },
        },
      },
    },

    rollingBack: {
      initial: "claiming",
      on: {
        "CHILD.EXITED": { actions: ["rememberExit", stopChild("child")] },
        SHUTDOWN: [
          { guard: "askedTwice", actions: "killChild" },
          { guard: "alive", actions: ["rememberShutdown", "stopChild"] },
          { actions: "rememberShutdown" },
        ],
      },
      states: {
        /** One rename decides; until then nothing is known about the version. */
        claiming: {
          invoke: {
            src: "claim",
            input: ({ context }) => ({
              digest: digestOf(context.plan),
              reason: reasonOf(context),
              childAlive: context.alive,
            }),
            onDone: [
              { guard: { type: "claimLost", params: ({ event }) => ({ claim: event.output }) }, target: "lost" },
              {
                target: "stopping",
                actions: { type: "rememberClaim", params: ({ event }) => ({ claim: event.output }) },
              },
            ],
            onError: { target: "stopping", actions: { type: "rememberFault", params: ({ event }) => event } },
          },
        },
        /** Until the child is gone; its adapter bounds the wait. */
        stopping: { entry: "stopLoser", always: [{ guard: "alive", target: "burying" }, "judging"] },
        burying: { always: { guard: "gone", target: "judging" } },
        judging: {
          always: [
            { guard: "faulty", target: "#supervisor.exited" },
            { guard: "claimed", target: "restored" },
            { target: "claiming" },
          ],
        },
        /** The app won the rename: its commit counts, whatever became of the process. */
        lost: {
          entry: "startProbation",
          always: [
            { guard: "alive", target: "#supervisor.committed" },
            { guard: "killedAsCommitted", target: "#supervisor.launching" },
            { guard: "restartAsked", target: "#supervisor.launching", actions: "countRestart" },
            { guard: "crashedEarly", target: "reverting", actions: "blameCrash" },
            { target: "#supervisor.exited" },
          ],
        },
        /** Takes a committed version back: flips the link to the previous one. */
        reverting: {
          invoke: {
            src: "revert",
            input: ({ context }) => ({ digest: digestOf(context.plan), reason: reasonOf(context) }),
            onDone: "restored",
            onError: { target: "#supervisor.exited", actions: { type: "rememberFault", params: ({ event }) => event } },
          },
        },
        restored: {
          always: [
            { guard: "shuttingDown", target: "#supervisor.exited" },
            { guard: "endsOnFailure", target: "#supervisor.exited" },
            { target: "#supervisor.launching" },
          ],
        },
      },
    },

    exited: { type: "final" },
  },
});
