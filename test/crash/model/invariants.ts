/** What holds on every disk a crash may leave, and after every boot of it. */
import type { LaunchPlan } from "../../../machines/ports.ts";
import { digestOf, isDigest } from "../../../src/digest.ts";
import { recover } from "../../../src/store/index.ts";
import type { Store } from "../../../src/store/index.ts";
import { copyDisk, describeDisk, type Disk } from "./disk.ts";
import { A, REGISTRY } from "./versions.ts";
import { boot, clean, openWorld, type Promised, TRIES } from "./world.ts";

const SILENT = { emit: () => {} };

/** Fails with the name of the invariant. */
function holds(condition: boolean, invariant: string): void {
  if (!condition) throw new Error(invariant);
}

const asDigests = (versions: Promised["stable"] = []): readonly string[] => versions.map(({ digest }) => digest);

/** I5: a name under blobs or images hashes to its name, from the first instant on. */
function checkNames({ fs, layout }: Store): void {
  for (const directory of [layout.blobs, layout.images]) {
    for (const name of fs.readdirSync(directory)) {
      if (!isDigest(name)) continue;
      holds(
        digestOf(fs.readFileSync(`${directory}/${name}`)) === name,
        `I5: ${directory}/${name} is not what its name says`,
      );
    }
  }
}

async function checkTree({ fs, layout }: Store, digest: string): Promise<void> {
  const version = REGISTRY.get(digest as never);
  for (const [name, content] of Object.entries(version?.files ?? { none: "" })) {
    const path = `${layout.tree(digest as never)}/${name}`;
    const found =
      fs.lstatSync(path, { throwIfNoEntry: false }) === undefined ? undefined : fs.readFileSync(path, "utf8");
    holds(
      found === content,
      `I1: what is started is not whole: ${name} of ${version?.name} is ${JSON.stringify(found)}`,
    );
  }
}

/** A crash must not lose what became of a version: it would be tried again, or never. */
function checkKnown({ links, records }: Store, { known }: Promised): void {
  const shown = [links.digest("attempt"), links.digest("attempting"), links.revoked(), links.digest("entrypoint")];
  for (const digest of asDigests(known))
    holds(shown.includes(digest as never) || records.failure(digest as never) !== undefined, "I3: a verdict is lost");
}

/** What was staged is tried, and what was committed can be taken back. */
function checkNext({ records, trees }: Store, plan: LaunchPlan, { tried, onProbation }: Promised): void {
  const isTried = plan.kind === "trial" && plan.digest === tried?.digest;
  holds(tried === undefined || isTried, `I7: what was staged is lost: ${plan.kind}`);
  if (onProbation !== true) return;
  holds(plan.kind === "stable" && plan.onProbation, "I2: the way back from a commit is forgotten");
  const previous = records.succession()?.previous ?? undefined;
  const kept = previous !== undefined && (trees.retained().includes(previous) || trees.has(previous));
  holds(kept, "I7: the version to return to is gone");
}

function checkBlame({ records, links }: Store, { blamable, off }: Promised): void {
  for (const { digest, reason } of records.failures()) {
    // Killed at every start it was given: parked, because a version that kills its whole container looks just so.
    if (reason.kind === "interrupted" && reason.tries >= TRIES) continue;
    holds(asDigests(blamable).includes(digest), `I6: ${digest} is blamed (${reason.kind}) for what happened to us`);
  }
  for (const digest of asDigests(off)) {
    holds(records.failure(digest as never) !== undefined, "I3: a failure was forgotten");
    holds(links.digest("attempting") !== digest, "I3: a version that failed is started again");
  }
  const marker = records.marker();
  const inFlight = marker !== undefined && [links.digest("attempt"), links.digest("attempting")].includes(marker);
  holds(
    marker === undefined || inFlight || records.failure(marker) !== undefined,
    "I10: the marker bans what never failed",
  );
  holds((records.trial()?.starts ?? 0) <= TRIES, "I4: more starts than allowed");
}

/**
 * Boots this disk twice and cleans up, and checks every step. Throws the name of the invariant that does not
 * hold. `linked`: the story began with a stable version. */
export async function checkDisk(disk: Disk, promised: Promised, linked: boolean): Promise<void> {
  const crashed = openWorld(disk);
  if (promised.planted !== true) checkNames(crashed.store);
  if (linked) holds(crashed.store.links.read("entrypoint").kind === "version", "I1: the stable link is gone");
  if (promised.unclean === true) holds(!crashed.store.records.cleanStop(), "an unclean stop looks like a clean one");
  await checkIdempotence(disk);
  const target = promised.online === true ? A : "offline";
  checkKnown(crashed.store, promised);
  const plan = await boot(crashed, target);
  holds(plan.kind !== "empty", "I1: nothing to run");
  if (plan.kind === "empty") return;
  await checkTree(crashed.store, plan.digest);
  const stable = crashed.store.links.digest("entrypoint");
  holds(stable !== undefined && asDigests(promised.stable).includes(stable), `I2: stable is ${stable}`);
  if (plan.kind === "stable") holds(plan.digest === stable, "I2: what runs is not what is stable");
  holds(crashed.store.records.failure(plan.digest) === undefined, "I3: a version that failed is started");
  checkKnown(crashed.store, promised);
  checkNext(crashed.store, plan, promised);
  checkBlame(crashed.store, promised);
  await checkTidiness(crashed.fs.disk, promised);
}

/** I9: recovery of a recovered disk changes nothing. */
async function checkIdempotence(disk: Disk): Promise<void> {
  const options = { trialTries: TRIES, thorough: true, log: SILENT, now: () => new Date(0) };
  const once = openWorld(disk);
  await recover(once.store, options);
  const before = copyDisk(once.fs.disk);
  const done = once.fs.log.length;
  await recover(once.store, options);
  const same = once.fs.log.length === done || describeDisk(before) === describeDisk(once.fs.disk);
  holds(same, "I9: recovery is not idempotent");
}

/** I10, I7: a boot and a clean-up later there is no temporary name, and what a link shows is still whole. */
async function checkTidiness(disk: Disk, promised: Promised): Promise<void> {
  const world = openWorld(disk);
  const plan = await boot(world);
  holds(plan.kind !== "empty", "I1: nothing to run at the second boot");
  await clean(world);
  const { store } = world;
  const left = describeDisk(world.fs.disk)
    .split("\n")
    .filter((line) => /\/(tmp-|removing-|revoked)/.test(line));
  holds(left.length === 0, `I10: left behind: ${left.join(", ")}`);
  const stable = store.links.digest("entrypoint");
  holds(
    stable !== undefined && asDigests(promised.stable).includes(stable),
    `I2: stable is ${stable} after a clean-up`,
  );
  if (stable !== undefined) await checkTree(store, stable);
  const staged = store.links.digest("attempt") ?? store.links.digest("attempting");
  if (staged !== undefined) await checkTree(store, staged);
  holds(store.fs.readdirSync(store.layout.extracted).length <= 2, "I10: more trees than links");
  const retained = store.trees.retained().filter((digest) => digest !== stable);
  holds(retained.length <= 1, "I10: more than one previous version");
}
