/** The invariants I1 to I12 of the study, asked of every state, move and disk of the closure; those of a step stand beside it. */
import { exitCodeOf, isRestart } from "../../../machines/decisions.ts";
import type { SupervisorContext } from "../../../machines/supervisor-context.ts";
import { digestOf, isDigest } from "../../../src/digest.ts";
import { recover } from "../../../src/store/index.ts";
import { describeDisk } from "../model/disk.ts";
import { openWorld, TRIES } from "../model/world.ts";
import type { DiskId, Disks } from "./disks.ts";
import type { Facts } from "./facts.ts";
import { holds } from "./holds.ts";
import type { App, Moment, Parts } from "./moment.ts";
import type { Move } from "./act.ts";

const RECOVERY = { trialTries: TRIES, thorough: true, log: { emit: () => {} }, now: () => new Date(0) };

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

/** I11: the code of the app, or 143 for a stop that it did not answer with one of its own. */
function checkExit({ lastExit, shutdown }: SupervisorContext, code: number | undefined): void {
  const own = lastExit !== null && !isRestart(lastExit) ? exitCodeOf(lastExit) : undefined;
  const expected = own ?? (shutdown === null ? undefined : 143);
  holds(code === expected, `I11: the loader ended with ${code} instead of ${expected}`);
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
