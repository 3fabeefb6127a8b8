import type { Claim, FailureReason } from "../../machines/ports.ts";
import type { Digest } from "../digest.ts";
import { isStorageFault } from "./durable.ts";
import { acknowledgeCommit } from "./succession.ts";
import type { Store } from "./store.ts";

/**
 * Puts the staged version on trial: the stable one is retained, the start is counted, and only then does one rename
 * turn the attempt into a trial. Undefined: nothing is staged. Killed inside, the next boot continues or repeats it;
 * a volume that fails inside leaves it staged, with no start counted. Rejects when the signal is aborted before that.
 */
export async function beginTrial(
  store: Store,
  signal?: AbortSignal,
): Promise<{ digest: Digest; attempt: number } | undefined> {
  const { links, records, trees } = store;
  const digest = links.digest("attempt");
  if (digest === undefined) return undefined;
  const previous = links.digest("entrypoint") ?? null;
  if (previous !== null) await trees.retain(previous);
  signal?.throwIfAborted();
  const before = records.trial();
  const attempt = before?.digest === digest ? before.starts + 1 : 1;
  try {
    records.dropHandshake();
    records.setTrial({ digest, starts: attempt, previous });
    return links.beginTrial() ? { digest, attempt } : undefined;
  } catch (error) {
    undo(() => void links.requeue());
    undo(() => (before === undefined ? records.dropTrial() : records.setTrial(before)));
    throw error;
  }
}

/** Best effort: the volume has just failed. What cannot be undone is settled by recovery. */
function undo(action: () => void): void {
  try {
    action();
  } catch {
    // The error that led here is the one to report.
  }
}

export interface ClaimFacts {
  readonly digest: Digest;
  readonly reason: FailureReason;
  readonly childAlive: boolean;
  /** The id of this start; an app that wrote it into the handshake knows what a missing link means. */
  readonly runId: string;
  readonly now: Date;
}

/**
 * Decides a trial by one rename: taking `entrypoint-attempting` away. ENOENT means that the app committed first.
 * When the loader wins, the failure is durable before this returns; where it cannot be written (a full volume) the
 * revoked link stays and recovery writes it later. An app without the handshake may be linked with the original
 * library, which reads a missing link as its commit: it has to be dead before the link is taken.
 */
export function claimTrial(store: Store, facts: ClaimFacts): Claim {
  const { links, records } = store;
  const { digest } = facts;
  if (facts.childAlive && records.handshake() !== facts.runId) return "stop-first";
  if (!facts.childAlive && links.digest("attempting") === digest && isSuperseded(store, facts)) {
    // Nobody is left to race with, and a claim that a crash cuts short would read as a failure.
    links.drop("attempting");
    records.dropTrial();
    return "claimed";
  }
  if (!links.claim() && links.digest("entrypoint") === digest) {
    acknowledgeCommit(store);
    return "committed";
  }
  try {
    recordFailure(store, facts);
  } catch (error) {
    if (!isStorageFault(error)) throw error;
  }
  return "claimed";
}

function recordFailure({ links, records }: Store, { digest, reason, now }: ClaimFacts): void {
  records.addFailure({ digest, reason, at: now.toISOString() });
  records.setMarker(digest);
  links.dropRevoked();
  records.dropTrial();
}

/** An app on trial that staged a newer version and asked for a restart has not failed: it made room. */
function isSuperseded({ links }: Store, { digest, reason }: ClaimFacts): boolean {
  const staged = links.digest("attempt");
  const restart = reason.kind === "exited" && reason.exit.kind === "code" && reason.exit.code === 42;
  return restart && staged !== undefined && staged !== digest;
}
