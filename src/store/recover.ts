import type { Digest } from "../digest.ts";
import type { Logger } from "../log/logger.ts";
import type { FailureRecord } from "./records.ts";
import type { Store } from "./store.ts";
import { acknowledgeCommit } from "./succession.ts";
import { sweepTemporaries } from "./sweep.ts";

export interface RecoverOptions {
  /** Starts that a version gets when its trials are interrupted from outside. */
  readonly trialTries: number;
  readonly log: Logger;
  readonly now: () => Date;
}

/**
 * Brings the links and records into a state from which a launch can be planned. A function of the disk alone:
 * idempotent, safe to be killed inside, and it never blames a version for what happened to us.
 */
export async function recover(store: Store, options: RecoverOptions): Promise<void> {
  sweepTemporaries(store);
  recordRevoked(store, options);
  acknowledgeCommit(store);
  recoverTrial(store, options);
  recoverAttempt(store, options);
  await recoverStable(store, options);
  recoverMarker(store);
}

function blame(store: Store, options: RecoverOptions, digest: Digest, reason: FailureRecord["reason"]): void {
  const record = { digest, reason, at: options.now().toISOString() };
  store.records.addFailure(record);
  options.log.emit({ type: "version.blamed", ...record });
}

/** Killed between the claim and the record: the claim stands. */
function recordRevoked(store: Store, options: RecoverOptions): void {
  const { links, records } = store;
  const digest = links.revoked();
  if (digest === undefined) return;
  if (records.failure(digest) === undefined) blame(store, options, digest, { kind: "unrecorded" });
  links.dropRevoked();
}

/** A trial that nobody ended: the loader or the host died. Not the version's fault, unless it happens every time. */
function recoverTrial(store: Store, options: RecoverOptions): void {
  const { links, records } = store;
  const state = links.read("attempting");
  if (state.kind === "absent") return;
  if (state.kind === "foreign") {
    links.drop("attempting");
    options.log.emit({
      type: "store.repaired",
      what: `dropped entrypoint-attempting, which pointed to ${state.target}`,
    });
    return;
  }
  const { digest } = state;
  const trial = records.trial();
  const starts = trial?.digest === digest ? trial.starts : 1;
  const settled = records.failure(digest) !== undefined || links.digest("entrypoint") === digest;
  if (!settled && starts >= options.trialTries) {
    blame(store, options, digest, { kind: "interrupted", tries: starts });
    options.log.emit({ type: "trial.parked", digest, tries: starts });
  } else if (!settled && links.read("attempt").kind === "absent") {
    links.requeue();
    options.log.emit({ type: "trial.requeued", digest, tries: starts });
    return;
  }
  links.drop("attempting");
}

/** What is staged must be a version that can run and has not failed before. */
function recoverAttempt(store: Store, options: RecoverOptions): void {
  const { links, records, trees } = store;
  const state = links.read("attempt");
  if (state.kind === "absent") return;
  const drop = (why: string): void => {
    links.drop("attempt");
    options.log.emit({ type: "store.repaired", what: `dropped entrypoint-attempt: ${why}` });
  };
  if (state.kind === "foreign") return drop(`it pointed to ${state.target}`);
  const { digest } = state;
  if (records.failure(digest) !== undefined) {
    records.setMarker(digest);
    return drop(`${digest} failed before`);
  }
  if (!trees.has(digest)) return drop(`${digest} is not on disk`);
  const fault = trees.fault(digest);
  if (fault === undefined) return;
  blame(store, options, digest, { kind: "unusable", message: fault.message });
  records.setMarker(digest);
  drop(fault.message);
}

/** The stable version must be able to run; otherwise the previous one takes its place; otherwise there is none. */
async function recoverStable(store: Store, options: RecoverOptions): Promise<void> {
  const { links, trees, records } = store;
  const digest = links.digest("entrypoint");
  if (digest !== undefined && trees.fault(digest) === undefined) return;
  const previous = records.succession()?.previous;
  const candidates = new Set(
    [digest, previous, ...trees.retained()].filter((item) => item !== undefined && item !== null),
  );
  for (const candidate of candidates) {
    const usable =
      trees.fault(candidate) === undefined ||
      ((await trees.restore(candidate)) && trees.fault(candidate) === undefined);
    if (!usable) continue;
    if (candidate !== digest) links.point("entrypoint", candidate);
    options.log.emit({ type: "store.repaired", what: `entrypoint shows ${candidate} again` });
    return;
  }
  if (links.read("entrypoint").kind === "absent") return;
  options.log.emit({ type: "store.repaired", what: "dropped entrypoint: its version is not on disk or cannot run" });
  links.drop("entrypoint");
}

/** The marker means "in flight or failed": one that is neither would ban a version that was never tried. */
function recoverMarker({ links, records }: Store): void {
  const marker = records.marker();
  if (marker === undefined) return;
  const inFlight = links.digest("attempt") === marker;
  const failed = records.failure(marker) !== undefined && links.digest("entrypoint") !== marker;
  if (!inFlight && !failed) records.dropMarker();
}
