import type { Digest } from "../digest.ts";
import { DockerloaderError } from "../errors.ts";
import type { FailureRecord } from "./records.ts";
import { returnTo } from "./soundness.ts";
import type { Store } from "./store.ts";

/**
 * Writes down a commit that an app made by its rename: which version followed which. Whoever comes first after the
 * rename does it (the app's library, the loader, or recovery after a crash); idempotent.
 */
export function acknowledgeCommit({ links, records }: Store): void {
  const trial = records.trial();
  if (trial === undefined || links.digest("entrypoint") !== trial.digest) return;
  records.setSuccession({ digest: trial.digest, previous: trial.previous, settled: false });
  records.dropTrial();
  if (records.marker() === trial.digest) records.dropMarker();
}

/** True while a crash of the stable version still takes it back: it is the newest, not settled, and there is one before it. */
export function isOnProbation({ links, records }: Store): boolean {
  const succession = records.succession();
  return (
    succession !== undefined &&
    !succession.settled &&
    succession.previous !== null &&
    succession.digest === links.digest("entrypoint")
  );
}

/** The stable version has proven itself. The one before it stays in `retained/`. */
export function settle(store: Store, digest: Digest): void {
  acknowledgeCommit(store);
  const succession = store.records.succession();
  if (succession?.digest === digest) store.records.setSuccession({ ...succession, settled: true });
}

export interface RevertFacts {
  /** The version that is taken back. */
  readonly digest: Digest;
  readonly reason: FailureRecord["reason"];
  /** Compare every byte of the previous version first. */
  readonly thorough: boolean;
  readonly now: Date;
}

/**
 * Takes a committed version back: the failure is recorded, then one rename shows the previous version again.
 * Throws NOTHING_TO_RUN, and changes nothing, when no previous version can run.
 */
export async function revert(store: Store, { digest, reason, thorough, now }: RevertFacts): Promise<Digest> {
  acknowledgeCommit(store);
  const { records } = store;
  const succession = records.succession();
  const previous = succession?.digest === digest ? succession.previous : null;
  if (previous === null) {
    throw new DockerloaderError("NOTHING_TO_RUN", `there is no version before ${digest} to return to`);
  }
  if (!(await returnTo(store, previous, thorough))) {
    const why = store.trees.altered(previous) ?? `${previous} is missing or damaged`;
    throw new DockerloaderError("NOTHING_TO_RUN", `there is no way back from ${digest}: ${why}`, {
      hint: "point the target at the version to run",
    });
  }
  records.addFailure({ digest, reason, at: now.toISOString() });
  showPrevious(store, digest, previous);
  return previous;
}

function showPrevious({ links, records }: Store, digest: Digest, previous: Digest): void {
  records.setMarker(digest);
  links.point("entrypoint", previous);
  records.setSuccession({ digest: previous, previous: null, settled: true });
}

/**
 * Keeps the version to return to where no app's clean-up reaches: a rollback that a crash cut short had already put it
 * back in its place, from which an app of the original deletes it.
 */
export async function keepPrevious({ records, links, trees }: Store): Promise<void> {
  const succession = records.succession();
  if (succession === undefined || succession.previous === null) return;
  if (links.digest("entrypoint") === succession.digest) await trees.retain(succession.previous);
}

/**
 * Killed between the record of a rollback and its rename: the record stands, so the rename follows. Answers the version
 * that is shown again; undefined: nothing was cut short, or the previous version cannot run.
 */
export async function finishRevert(store: Store, thorough: boolean): Promise<Digest | undefined> {
  const { links, records } = store;
  const succession = records.succession();
  if (succession === undefined || succession.previous === null) return undefined;
  const { digest, previous } = succession;
  if (links.digest("entrypoint") !== digest || records.failure(digest) === undefined) return undefined;
  if (!(await returnTo(store, previous, thorough))) return undefined;
  showPrevious(store, digest, previous);
  return previous;
}
