import type { Outcome } from "../../machines/decisions.ts";
import type { Digest, SignalName } from "../../machines/ports.ts";
import { type SupervisorSnapshot, supervisorMachine } from "../../machines/index.ts";
import { describeError, DockerloaderError, EXIT } from "../errors.ts";
import { createJournalLogger, tee } from "../log/journal.ts";
import type { Logger } from "../log/logger.ts";
import { linkFacts, recover, type Store } from "../store/index.ts";
import { VERSION } from "../version.ts";
import { createActor } from "../xstate.ts";
import { createAdapters } from "./adapters.ts";
import { startObserver } from "./observer.ts";
import { describeCause } from "./cause.ts";
import type { Held } from "./held.ts";
import { narrate, stateOf } from "./narrate.ts";
import type { Seams, SuperviseOptions } from "./options.ts";
import { isOff, quietly } from "./report.ts";
import { writeStatus } from "./status.ts";
import { openVolume } from "./volume.ts";

export interface Supervisor {
  /** Resolves with the exit code when the loader is done; no child is alive then. Never rejects. */
  readonly done: Promise<number>;
  /** SIGTERM or SIGINT: ends app and loader. The second call means now. */
  readonly shutdown: (signal: SignalName) => void;
  /** Passes any other signal on to the app. */
  readonly signal: (signal: SignalName) => void;
  /** A fatal error of the loader itself: the app gets its grace, then the loader exits with the error's code, or 70. */
  readonly fail: (error: unknown) => void;
}

/**
 * Runs an app and every version that follows it until one of them ends for good. Takes the loader's lock on the data
 * directory for its life; throws STORE_LOCKED when another loader has it, and then has changed nothing.
 */
export function supervise(given: SuperviseOptions, seams: Seams = {}): Supervisor {
  const { config } = given;
  const { store, held, release } = openVolume(config.dataDir, given.log);
  const log = tee(given.log, createJournalLogger(store, "loader", true));
  const options = { ...given, log };
  const observer = startObserver(options);
  announce(store, log);

  const { clock, wrap = (adapters) => adapters, onSnapshot } = seams;
  const machine = supervisorMachine.provide({ actors: wrap(createAdapters(store, options, held)) });
  const { trialTimeoutMs, probationMs, onTrialFailure } = config;
  const { promise: outcome, resolve } = Promise.withResolvers<Outcome>();
  let last: SupervisorSnapshot | undefined;
  const follow = (snapshot: SupervisorSnapshot, cause: string): void => {
    const before = last ?? snapshot;
    last = snapshot;
    const surroundings = { runMs: runMsOf(held), isOff: (digest: Digest) => isOff(store, digest) };
    for (const event of narrate(before, snapshot, describeCause(cause), surroundings)) log.emit(event);
    if (isNews(before, snapshot)) writeStatus(store, snapshot, held, trialTimeoutMs);
    if (snapshot.status === "done") resolve(snapshot.output);
    onSnapshot?.(snapshot);
  };
  const actor = createActor(machine, {
    input: { trialTimeoutMs, probationMs, onTrialFailure },
    ...(clock === undefined ? {} : { clock }),
    // Every step of the machine and nothing else: what its promises and callbacks do is theirs.
    inspect: (seen) => {
      if (seen.type !== "@xstate.snapshot" || !("machine" in seen.snapshot)) return;
      follow(seen.snapshot as SupervisorSnapshot, seen.event.type);
    },
  });

  // What has a code of its own keeps it: a volume that fails is no defect of the loader.
  const fail = (error: unknown): void => {
    const { code, exitCode } =
      error instanceof DockerloaderError ? error : { code: "INTERNAL", exitCode: EXIT.internal };
    const fault = { code, message: describeError(error), exitCode };
    // A stopped machine starts nothing any more; the child, which it does not own, is stopped by `finish`.
    actor.stop();
    resolve({ exitCode: fault.exitCode, fault });
  };
  actor.subscribe({ error: fail });
  actor.start();
  actor.send({ type: "START" });

  return {
    done: outcome
      .then(async (ended) => {
        const exitCode = await finish(store, options, held, ended);
        await observer.stop();
        return exitCode;
      })
      .finally(release),
    fail,
    shutdown: (signal) => actor.send({ type: "SHUTDOWN", signal }),
    signal: (signal) => actor.send({ type: "SIGNAL", signal }),
  };
}

/** What `dockerloader status` shows has changed. */
function isNews(before: SupervisorSnapshot, after: SupervisorSnapshot): boolean {
  const [old, now] = [before.context, after.context];
  return (
    stateOf(before) !== stateOf(after) ||
    old.plan !== now.plan ||
    old.alive !== now.alive ||
    old.onProbation !== now.onProbation ||
    old.shutdown !== now.shutdown
  );
}

/** How long the last child has run, for the record of a trial. */
function runMsOf({ startedAt }: Held): number | undefined {
  return startedAt === undefined ? undefined : Math.round(performance.now() - startedAt.monotonicMs);
}

function announce(store: Store, log: Logger): void {
  const { entrypoint, dataDir } = store.layout;
  log.emit({ type: "loader.started", entrypoint, version: VERSION });
  quietly(() => {
    log.emit({ type: "store.found", ...linkFacts(store), failed: store.records.failures() });
    if (store.links.read("entrypoint").kind !== "absent") log.emit({ type: "loader.found", entrypoint, dataDir });
  });
}

/** The last duties: no child and no download survives, an interrupted trial is queued again, the stop is noted as clean. */
async function finish(store: Store, options: SuperviseOptions, held: Held, outcome: Outcome): Promise<number> {
  const { log, config } = options;
  if (outcome.fault !== null) log.emit({ type: "loader.failed", ...outcome.fault });
  // Only a machine that failed itself leaves a child: it gets its grace, then SIGKILL.
  held.child?.stop("SIGTERM");
  await held.child?.ended;
  // Given up by the machine, reported by it when it failed.
  await held.work.catch(() => {});
  try {
    if (store.links.read("attempting").kind !== "absent" && held.readOnly === undefined) {
      await recover(store, { trialTries: config.trialTries, thorough: false, log, now: () => new Date() });
      log.emit({ type: "store.links", ...linkFacts(store) });
    }
    if (held.readOnly === undefined) store.records.setCleanStop();
  } catch (error) {
    const code = error instanceof DockerloaderError ? error.code : "STORE_IO";
    log.emit({ type: "loader.failed", code, message: describeError(error) });
  }
  log.emit({ type: "loader.exited", exitCode: outcome.exitCode });
  return outcome.exitCode;
}
