import { randomUUID } from "node:crypto";
import type { Claim } from "../../machines/ports.ts";
import { describeError, DockerloaderError, toDockerloaderError } from "../errors.ts";
import type { Logger } from "../log/logger.ts";
import {
  type ClaimFacts,
  claimTrial,
  collectGarbage,
  isStorageFault,
  revert,
  settle,
  type Store,
  tryLock,
} from "../store/index.ts";
import { bootstrap } from "./bootstrap.ts";
import { childAdapter } from "./child-adapter.ts";
import type { Held } from "./held.ts";
import { fromCallback, fromPromise } from "../xstate.ts";
import { createReporter } from "./report.ts";
import { watchCommit } from "./link-watch.ts";
import type { SuperviseOptions, SupervisorAdapters } from "./options.ts";
import { planLaunch } from "./plan.ts";

/** The real adapters of the supervisor machine's ports. */
export function createAdapters(store: Store, options: SuperviseOptions, held: Held): SupervisorAdapters {
  const { config, log } = options;
  const { links } = store;
  const reporter = createReporter(store, options);
  const { reportLinks, reportBlame } = reporter;
  return {
    plan: fromPromise(async ({ signal }) => {
      const { thorough, readOnly, ranLast } = held;
      const facts = { trialTries: config.trialTries, thorough, ranLast, readOnly: readOnly !== undefined, log, signal };
      const planning = planLaunch(store, facts);
      held.work = planning;
      const plan = await planning;
      held.thorough = false;
      if (plan.kind !== "empty") held.ranLast = plan.digest;
      return plan;
    }),

    bootstrap: fromPromise(async ({ signal }) => {
      const broken = links.digest("entrypoint");
      if (held.readOnly !== undefined) throw nothingToRun(held.readOnly);
      if (config.target === undefined && broken === undefined) throw missingTarget();
      log.emit({ type: "bootstrap.started", reference: broken ?? config.target ?? "" });
      const { fetchCommand: command, random } = options;
      held.startRun(randomUUID());
      const env = { ...options.env, DOCKERLOADER_RUN_ID: held.runId };
      const download = bootstrap({ command, env, log, signal, random, graceMs: config.stopGraceMs });
      held.work = download;
      await download;
      const digest = links.digest("entrypoint");
      if (digest !== undefined) log.emit({ type: "bootstrap.finished", digest });
    }),

    child: childAdapter(store, options, held, reporter),

    commitWatch: fromCallback(({ input: { digest }, sendBack }) =>
      watchCommit(store, digest, () => {
        reportLinks();
        sendBack({ type: "LINK.COMMITTED", digest });
      }),
    ),

    claim: fromPromise(async ({ input }) => {
      const claim = claimOrGiveUp(store, { ...input, runId: held.runId, now: new Date() }, log);
      log.emit({ type: "trial.claimed", claim, digest: input.digest });
      if (claim === "claimed") reportBlame(input.digest);
      reportLinks();
      return claim;
    }),

    revert: fromPromise(async ({ input: { digest, reason } }) => {
      await revert(store, { digest, reason, thorough: held.beganUnclean, now: new Date() });
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

/**
 * A volume that takes no rename decides nothing for the app either: the version is stopped and the stable one runs. What
 * is left on disk is an interrupted trial, which the next launch settles; nothing is blamed.
 */
function claimOrGiveUp(store: Store, facts: ClaimFacts, log: Logger): Claim {
  try {
    return claimTrial(store, facts);
  } catch (error) {
    if (!isStorageFault(error)) throw error;
    log.emit({ type: "store.degraded", message: `${describeError(error)}; the trial ends without a record` });
    return facts.childAlive ? "stop-first" : "claimed";
  }
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

function nothingToRun(why: string): DockerloaderError {
  return new DockerloaderError(
    "NOTHING_TO_RUN",
    `there is no version on disk that can run, and none can be fetched: ${why}`,
  );
}

function missingTarget(): DockerloaderError {
  return new DockerloaderError("CONFIG_INVALID", "DOCKERLOADER_TARGET is not set and there is no version on disk", {
    hint: "set it to the image to run, e.g. registry.example.com/team/app:stable",
  });
}
