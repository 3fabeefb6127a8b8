/** The invariants I1 to I12 of the study, asked of every state and every move of the closure. */
import { exitCodeOf, isRestart } from "../../../machines/decisions.ts";
import type { SupervisorContext } from "../../../machines/supervisor-context.ts";
import { type Digest, digestOf, isDigest } from "../../../src/digest.ts";
import { recover } from "../../../src/store/index.ts";
import { describeDisk, type Disk } from "../model/disk.ts";
import { openWorld, TRIES } from "../model/world.ts";
import type { DiskId, Disks, Step } from "./disks.ts";
import type { Facts } from "./facts.ts";
import type { App, Moment, Parts } from "./moment.ts";
import type { Move } from "./act.ts";

const RECOVERY = { trialTries: TRIES, thorough: true, log: { emit: () => {} }, now: () => new Date(0) };

/** Fails with the name of the invariant. */
function holds(condition: boolean, invariant: string): void {
  if (!condition) throw new Error(invariant);
}

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

/** What holds of one move, whatever it is. */
export function checkMove({ from, to }: Move, { disks }: Parts): void {
  if (to.app !== null && from.app === null) checkStart(to.app, disks.facts(from.disk), disks.facts(to.disk));
  if (from.app !== null && to.app !== null && from.app.digest !== to.app.digest) holds(false, "I8: two generations");
  const { loader } = to;
  if (loader === null) return;
  holds(loader.context.fault === null, `I1: the loader gave up: ${loader.context.fault?.message}`);
  holds(loader.context.alive === (to.app !== null), "I8: the machine and the process disagree");
  if (loader.matches({ launching: "bootstrapping" }))
    holds(disks.facts(from.disk).entrypoint === undefined, "I1: the registry is needed");
  if (loader.status === "done") checkExit(loader.context, loader.output?.exitCode);
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

/** I3 and I1: what is started has not failed and is whole. I4: of a version on trial this start is counted, and allowed. */
function checkStart({ digest, onTrial }: App, before: Facts, { failed, whole, entrypoint, trial }: Facts): void {
  holds(!failed.includes(digest), "I3: a version that failed is started");
  holds(whole.includes(digest), "I1: what is started is not whole");
  holds(onTrial || digest === entrypoint, "I2: what runs is not what is stable");
  if (!onTrial) return;
  const counted = before.trial?.digest === digest ? before.trial.starts : 0;
  holds(trial?.digest === digest && trial.starts > counted, "I4: a trial that is not counted");
  holds((trial?.starts ?? 0) <= TRIES, "I4: more trials than allowed");
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

/** I11: the code of the app, or 143 for a stop that it did not answer with one of its own. */
function checkExit({ lastExit, shutdown }: SupervisorContext, code: number | undefined): void {
  const own = lastExit !== null && !isRestart(lastExit) ? exitCodeOf(lastExit) : undefined;
  const expected = own ?? (shutdown === null ? undefined : 143);
  holds(code === expected, `I11: the loader ended with ${code} instead of ${expected}`);
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

/** What holds whenever an app runs: I7, what the links show is whole. */
export function checkMoment({ loader, app, disk }: Moment, { disks }: Parts): void {
  if (loader === null || app === null) return;
  const { entrypoint, attempt, attempting, whole } = disks.facts(disk);
  if (app.original) return holds(whole.includes(app.digest), "I7: the running version is not whole");
  for (const digest of [entrypoint, attempt, attempting])
    holds(digest === undefined || whole.includes(digest), "I7: what a link shows is not whole");
}

/** What holds of every disk: I5, names under blobs and images are hashes; I9, recovery of a recovered disk changes nothing. */
export async function checkDisks(disks: Disks): Promise<void> {
  const recovered = new Set<DiskId>();
  for (let id = 0; id < disks.count(); id += 1) {
    const { store, fs } = openWorld(disks.disk(id));
    for (const directory of [store.layout.blobs, store.layout.images]) {
      for (const name of fs.readdirSync(directory).filter(isDigest))
        holds(digestOf(fs.readFileSync(`${directory}/${name}`)) === name, `I5: ${directory}/${name}`);
    }
    await recover(store, RECOVERY);
    const once = disks.idOf(fs.disk);
    if (recovered.has(once)) continue;
    recovered.add(once);
    const before = describeDisk(fs.disk);
    await recover(store, RECOVERY);
    holds(before === describeDisk(fs.disk), "I9: recovery is not idempotent");
  }
}
