import { randomUUID } from "node:crypto";
import type { ChildExit } from "../../machines/ports.ts";
import { DockerloaderError, toDockerloaderError } from "../errors.ts";
import { claimTrial, collectGarbage, revert, settle, type Store, tryLock } from "../store/index.ts";
import { bootstrap } from "./bootstrap.ts";
import { childEnvironment } from "./child-environment.ts";
import { type Child, startChild } from "./child.ts";
import { fromCallback, fromPromise } from "../xstate.ts";
import { createReporter } from "./report.ts";
import { watchCommit } from "./commit-watch.ts";
import type { SuperviseOptions, SupervisorAdapters } from "./options.ts";
import { planLaunch } from "./plan.ts";

/** The child as the process holds it: outside the machine, so that a failing machine can never lose it. */
export interface Held {
  child: Child | undefined;
  runId: string;
  /** When it was started: for people, and for measuring. */
  startedAt: { readonly at: Date; readonly monotonicMs: number } | undefined;
  /** Work on the data directory that the machine may have given up: the lock is kept until it has ended. */
  work: Promise<unknown>;
}

/** The real adapters of the supervisor machine's ports. */
export function createAdapters(store: Store, options: SuperviseOptions, held: Held): SupervisorAdapters {
  const { config, log } = options;
  const { links, layout } = store;
  const { reportLinks, reportBlame, describeRun } = createReporter(store, options);
  return {
    plan: fromPromise(({ signal }) => {
      const planning = planLaunch(store, { trialTries: config.trialTries, log, signal });
      held.work = planning;
      return planning;
    }),

    bootstrap: fromPromise(async ({ signal }) => {
      if (config.target === undefined) throw missingTarget();
      log.emit({ type: "bootstrap.started", reference: config.target });
      const { fetchCommand: command, env, random } = options;
      const download = bootstrap({ command, env, log, signal, random, graceMs: config.stopGraceMs });
      held.work = download;
      await download;
      const digest = links.digest("entrypoint");
      if (digest !== undefined) log.emit({ type: "bootstrap.finished", digest });
    }),

    child: fromCallback(({ input: { plan }, sendBack, receive }) => {
      if (plan.kind === "empty") throw new DockerloaderError("INTERNAL", "there is no plan to launch");
      const link = plan.kind === "trial" ? layout.attempting : layout.entrypoint;
      const path = layout.executable(plan.digest);
      log.emit({ type: "child.spawning", link, target: path, trial: plan.kind === "trial" });
      held.runId = randomUUID();
      held.startedAt = { at: new Date(), monotonicMs: performance.now() };
      const onExit = (exit: ChildExit): void => {
        held.child = undefined;
        sendBack({ type: "CHILD.EXITED", exit });
      };
      held.child = startChild({
        path,
        argv0: link,
        args: options.args,
        env: childEnvironment(options.env, plan, layout.dataDir),
        runId: held.runId,
        graceMs: config.stopGraceMs,
        onExit,
        onKill: (reason) => log.emit({ type: "child.killed", reason }),
      });
      const { pid } = held.child;
      if (pid !== undefined) log.emit({ type: "child.spawned", childPid: pid, ...describeRun(plan) });
      receive((command) => {
        if (command.type === "STOP") {
          log.emit({ type: "child.stopping", signal: command.signal, graceMs: config.stopGraceMs });
          held.child?.stop(command.signal);
        } else if (command.type === "KILL") held.child?.kill("it has to end now");
        else held.child?.signal(command.signal);
      });
    }),

    commitWatch: fromCallback(({ input: { digest }, sendBack }) =>
      watchCommit(store, digest, () => {
        reportLinks();
        sendBack({ type: "LINK.COMMITTED", digest });
      }),
    ),

    claim: fromPromise(async ({ input }) => {
      const claim = claimTrial(store, { ...input, runId: held.runId, now: new Date() });
      log.emit({ type: "trial.claimed", claim, digest: input.digest });
      if (claim === "claimed") reportBlame(input.digest);
      reportLinks();
      return claim;
    }),

    revert: fromPromise(async ({ input: { digest, reason } }) => {
      await revert(store, digest, reason, new Date());
      reportBlame(digest);
      reportLinks();
    }),

    settle: fromPromise(async ({ input: { digest } }) => {
      settle(store, digest);
      reportLinks();
      await cleanUp(store, options);
    }),
  };
}

/** What an app without our library leaves behind is removed once its version has proven itself. */
async function cleanUp(store: Store, { log }: SuperviseOptions): Promise<void> {
  const result = tryLock(store.fs, store.layout.storeLock);
  if (result.kind !== "held") return;
  try {
    log.emit({ type: "gc.finished", removed: await collectGarbage(store, undefined) });
  } catch (error) {
    log.emit({ type: "gc.failed", message: toDockerloaderError(error).message });
  } finally {
    result.lock.release();
  }
}

function missingTarget(): DockerloaderError {
  return new DockerloaderError("CONFIG_INVALID", "DOCKERLOADER_TARGET is not set and there is no version on disk", {
    hint: "set it to the image to run, e.g. registry.example.com/team/app:stable",
  });
}
