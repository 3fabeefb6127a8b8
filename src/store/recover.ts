import type { Digest } from "../digest.ts";
import { blame, type RecoverOptions } from "./blame.ts";
import { recoverAttempt } from "./recover-attempt.ts";
import { recoverStable, takeWritten } from "./recover-stable.ts";
import type { Store } from "./store.ts";
import { acknowledgeCommit } from "./succession.ts";
import { sweepTemporaries } from "./sweep.ts";

/**
 * Brings the links and records into a state from which a launch can be planned. A function of the disk alone:
 * idempotent, safe to be killed inside, and it never blames a version for what happened to us.
 */
export async function recover(store: Store, options: RecoverOptions): Promise<void> {
  sweepTemporaries(store);
  recordRevoked(store, options);
  acknowledgeCommit(store);
  recoverTrial(store, options);
  const written = new Map<Digest, string>();
  await recoverAttempt(store, options, written);
  await recoverStable(store, options, written);
  await takeWritten(store, options, written);
  forgetTrial(store);
  recoverMarker(store);
}

/** Killed between the claim and the record, or unable to write it then: the claim stands. */
function recordRevoked(store: Store, options: RecoverOptions): void {
  const { links, records } = store;
  const digest = links.revoked();
  if (digest === undefined) return links.dropRevoked();
  if (records.failure(digest) === undefined) blame(store, options, digest, { kind: "unrecorded" });
  links.dropRevoked();
}

/** A trial that nobody ended: the loader or the host died. Not the version's fault, unless it happens every time. */
function recoverTrial(store: Store, options: RecoverOptions): void {
  const { links, records } = store;
  const { log } = options;
  const state = links.read("attempting");
  if (state.kind === "absent") return;
  if (state.kind === "foreign") {
    links.drop("attempting");
    log.emit({ type: "store.repaired", what: `dropped entrypoint-attempting, which pointed to ${state.target}` });
    return;
  }
  const { digest } = state;
  const trial = records.trial();
  const starts = trial?.digest === digest ? trial.starts : 1;
  const settled = records.failure(digest) !== undefined || links.digest("entrypoint") === digest;
  if (!settled && starts >= options.trialTries) {
    blame(store, options, digest, { kind: "interrupted", tries: starts });
    log.emit({ type: "trial.parked", digest, tries: starts });
  } else if (!settled && links.read("attempt").kind === "absent") {
    links.requeue();
    log.emit({ type: "trial.requeued", digest, tries: starts });
    return;
  }
  links.drop("attempting");
}

/** A count of starts belongs to a version that is still to be tried. */
function forgetTrial({ links, records }: Store): void {
  const digest = records.trial()?.digest;
  if (digest !== undefined && links.digest("attempt") !== digest) records.dropTrial();
}

/** The marker means "in flight or failed": one that is neither would ban a version that was never tried. */
function recoverMarker({ links, records }: Store): void {
  const marker = records.marker();
  if (marker === undefined) return;
  const inFlight = links.digest("attempt") === marker;
  const failed = records.failure(marker) !== undefined && links.digest("entrypoint") !== marker;
  if (!inFlight && !failed) records.dropMarker();
}
