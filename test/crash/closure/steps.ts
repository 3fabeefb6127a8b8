/** What loader and app do to the volume, through the real code. */
import type { Claim, FailureReason, LaunchPlan } from "../../../machines/ports.ts";
import type { Digest } from "../../../src/digest.ts";
import { acknowledgeCommit, claimTrial, collectGarbage, recover, revert, settle } from "../../../src/store/index.ts";
import { planLaunch } from "../../../src/supervisor/plan.ts";
import { A, REGISTRY, download, extract, hasWhole, type Version } from "../model/versions.ts";
import { stage, TRIES, type World } from "../model/world.ts";
import type { Facts } from "./facts.ts";

const NOW = new Date(0);
const SILENT = { emit: () => {} };
const RUN = "run";
const NEVER = new AbortController().signal;

export const takeCleanStop = ({ store: { records } }: World): boolean => {
  const clean = records.cleanStop();
  records.dropCleanStop();
  return clean;
};

export const plan = ({ store }: World, thorough: boolean, signal = NEVER): Promise<LaunchPlan> =>
  planLaunch(store, { trialTries: TRIES, thorough, readOnly: false, log: SILENT, signal });

/** The first download, or that of a version which is broken. */
export async function bootstrap({ store }: World): Promise<void> {
  const wanted = REGISTRY.get(store.links.digest("entrypoint") ?? A.digest) ?? A;
  if (!(await hasWhole(store, wanted))) await download(store, wanted);
  await extract(store, wanted);
  store.links.point("entrypoint", wanted.digest);
}

export const claim = ({ store }: World, facts: { digest: Digest; reason: FailureReason; childAlive: boolean }): Claim =>
  claimTrial(store, { ...facts, runId: RUN, now: NOW });

export async function goBack(
  { store }: World,
  facts: { digest: Digest; reason: FailureReason },
  thorough: boolean,
): Promise<void> {
  await revert(store, { ...facts, thorough, now: NOW });
}

export async function prove({ store }: World, digest: Digest): Promise<void> {
  settle(store, digest);
  await collectGarbage(store, undefined);
}

/** The last duties of a loader that ends in order. */
export async function finish({ store }: World): Promise<void> {
  if (store.links.read("attempting").kind !== "absent")
    await recover(store, { trialTries: TRIES, thorough: false, log: SILENT, now: () => NOW });
  store.records.setCleanStop();
}

/** An app of ours has begun: it knows what a missing link means. */
export const handshake = ({ store }: World): void => store.records.setHandshake(RUN);

/** An app of ours is ready: it commits, unless the loader has ended its trial, and removes what the old version left. */
export async function ready({ store }: World, digest: Digest): Promise<void> {
  const { links } = store;
  if (links.digest("attempting") !== digest || !links.commit()) return;
  acknowledgeCommit(store);
  await collectGarbage(store, digest);
}

/** An app of the original is ready: no sync anywhere, and all versions but its own are deleted. */
export async function commitAsOriginal({ fs, store: { layout } }: World, digest: Digest): Promise<void> {
  const present = (path: string): boolean => fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  if (present(layout.attempting)) fs.renameSync(layout.attempting, layout.entrypoint);
  if (present(layout.marker)) fs.unlinkSync(layout.marker);
  for (const directory of [layout.blobs, layout.images, layout.extracted]) {
    for (const name of fs.readdirSync(directory)) {
      if (name !== digest) await fs.removeTree(`${directory}/${name}`);
    }
  }
}

/** What the registry may name: never a version before the one that runs or is staged, and nothing that has failed. */
export function stageable(
  { attempt, marker, failed }: Facts,
  running: Digest,
  versions: readonly Version[],
): readonly Version[] {
  const order = versions.map(({ digest }) => digest);
  const least = Math.max(order.indexOf(running), attempt === undefined ? -1 : order.indexOf(attempt));
  return versions.slice(least + 1).filter(({ digest }) => digest !== marker && !failed.includes(digest));
}

export const stageNext = (world: World, running: Digest, next: Version): Promise<void> =>
  stage(world, REGISTRY.get(running) ?? A, next);
