/** The invariants of the study that one step on one disk can break: what changes, what is blamed, what is lost or left over. */
import type { Digest } from "../../../src/digest.ts";
import type { Disk } from "../model/disk.ts";
import { TRIES } from "../model/world.ts";
import type { Disks, Step } from "./disks.ts";
import type { Facts } from "./facts.ts";
import { holds } from "./holds.ts";

/** What holds of one step on one disk, ended or cut short. */
export function checkStep({ name, cut, before, after }: Step, disks: Disks): void {
  const [were, are] = [disks.facts(before), disks.facts(after)];
  checkStable(name, were, are);
  checkBlame(name, were, are);
  checkCount(name, were, are);
  checkKept(name, were, are, disks);
  checkWayBack(name, were, are);
  if (name.startsWith("plan") && !cut) checkTidy(disks.disk(after));
  if (name.startsWith("app is ready") && !cut) checkCleaned(are);
}

/** I2: only a commit and a rollback that is recorded change what is stable; once there is a stable version there always is. */
function checkStable(name: string, before: Facts, after: Facts): void {
  if (before.entrypoint === after.entrypoint) return;
  holds(after.entrypoint !== undefined, "I1: the stable link is gone");
  if (before.entrypoint === undefined) return holds(name.startsWith("bootstrap"), `I2: a first version by ${name}`);
  const committed = after.entrypoint === before.attempting && /^app (is ready|of the original)/.test(name);
  // A rollback that was cut short is finished by the next plan.
  const wentBack = /^(revert|plan|SIGTERM)/.test(name) && after.failed.includes(before.entrypoint);
  holds(committed || wentBack, `I2: ${name} changed the stable version`);
}

/** I6 and I3: nobody is blamed for what happened to us, and no failure is forgotten. */
function checkBlame(name: string, before: Facts, after: Facts): void {
  for (const digest of before.failed) holds(after.failed.includes(digest), `I3: ${name} forgot a failure`);
  for (const digest of after.failed.filter((item) => !before.failed.includes(item))) {
    const madeRoom = name.includes('"code":42') && before.attempt !== undefined && before.attempt !== digest;
    const judged = /^(claim|revert)/.test(name) && name.includes(digest) && !madeRoom;
    const claimed = before.revoked === digest;
    const parked = (before.trial?.starts ?? 0) >= TRIES && [before.attempt, before.attempting].includes(digest);
    holds(judged || claimed || parked, `I6: ${name} blamed a version for what happened to us`);
  }
}

/** I4: a count goes down or away only with its version: with every start counted there are never more than are allowed. */
function checkCount(name: string, before: Facts, after: Facts): void {
  const { trial } = before;
  if (trial === undefined || name.startsWith(`app stages ${trial.digest}`)) return;
  const isOpen = ({ attempt, attempting }: Facts): boolean => [attempt, attempting].includes(trial.digest);
  if (!isOpen(before) || !isOpen(after)) return;
  const kept = after.trial?.digest === trial.digest && after.trial.starts >= trial.starts;
  holds(kept, `I4: ${name} forgot starts`);
}

function isNewer(one: Digest | undefined, other: Digest, { versions }: Disks): boolean {
  const order = versions.map(({ digest }) => digest);
  return one !== undefined && order.indexOf(one) > order.indexOf(other);
}

/** I3: what is staged, on trial or claimed is never lost without a word; only a newer version takes its place, or damage. */
function checkKept(name: string, before: Facts, after: Facts, disks: Disks): void {
  const shown = [after.entrypoint, after.attempt, after.attempting, after.revoked, ...after.failed];
  for (const digest of [before.attempt, before.attempting, before.revoked]) {
    if (digest === undefined || shown.includes(digest)) continue;
    const gaveWay = [after.attempt, after.attempting].some((other) => isNewer(other, digest, disks));
    holds(gaveWay || !before.whole.includes(digest), `I3: ${name} lost a version`);
  }
}

/** I2: a commit says what came before it, and as long as it is stable nothing forgets that. */
function checkWayBack(name: string, before: Facts, after: Facts): void {
  if (before.entrypoint === undefined || after.entrypoint === undefined) return;
  if (before.entrypoint === after.entrypoint) {
    return holds(before.wayBack === undefined || before.wayBack === after.wayBack, `I2: ${name} forgot the way back`);
  }
  if (after.entrypoint !== before.attempting) return;
  holds(after.wayBack === before.entrypoint, `I2: ${name} knows no way back`);
}

/** I10: after a planned launch nothing that was cut short is left. */
function checkTidy({ nodes }: Disk): void {
  const names = [...nodes.values()].flatMap((node) => (node.kind === "directory" ? [...node.entries.keys()] : []));
  const left = names.filter((name) => /^(tmp-|removing-|revoked)/.test(name));
  holds(left.length === 0, `I10: left behind: ${left.join(", ")}`);
}

/** I10 and I7: a clean-up leaves what links show, whole, and one version to return to. */
function checkCleaned({ entrypoint, attempt, attempting, trees, retained }: Facts): void {
  const shown = [entrypoint, attempt, attempting];
  holds(
    trees.every((name) => shown.includes(name as Digest)),
    "I10: a tree that nothing shows",
  );
  holds(retained.filter((name) => !shown.includes(name as Digest)).length <= 1, "I10: more than one previous version");
}
