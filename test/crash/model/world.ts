/** One data directory in memory, and the steps that loader and app take on it, as the real code takes them. */
import { RESTART_EXIT_CODE } from "../../../src/errors.ts";
import type { Digest } from "../../../src/digest.ts";
import type { FailureReason, LaunchPlan } from "../../../machines/ports.ts";
import {
  acknowledgeCommit,
  claimTrial,
  collectGarbage,
  openStore,
  revert,
  settle,
  type Store,
} from "../../../src/store/index.ts";
import { planLaunch } from "../../../src/supervisor/plan.ts";
import { apply, copyDisk, type Disk, emptyDisk } from "./disk.ts";
import { createMemoryFs, type MemoryFs } from "./memory-fs.ts";
import { A, download, extract, hasWhole, REGISTRY, type Version } from "./versions.ts";

export const DATA = "/data/dockerloader";
export const TRIES = 3;
const NOW = new Date(0);
const SILENT = { emit: () => {} };
const RUN = "run";

/** What must hold when the power goes from here on. */
export interface Promised {
  /** Versions the stable link may show after the next boot. */
  readonly stable: readonly Version[];
  /** Versions that may have a failure record. */
  readonly blamable?: readonly Version[];
  /** Versions whose failure is recorded: they must not be started any more. */
  readonly off?: readonly Version[];
  /** Versions whose fate is never lost: staged, on trial, stable, or recorded as failed. */
  readonly known?: readonly Version[];
  /** What is staged or was interrupted: the next start puts it on trial. */
  readonly tried?: Version;
  /** A crash of what is started next must lead back: the version before it is remembered. */
  readonly onProbation?: boolean;
  /** A loader has started and not stopped in order: nothing may say otherwise. */
  readonly unclean?: boolean;
  /** Nothing on the volume can be trusted to suffice: the registry may be asked. Everywhere else it must not be needed. */
  readonly online?: boolean;
  /** The story began with a blob that is not what its name says. */
  readonly planted?: boolean;
}

export interface World {
  readonly fs: MemoryFs;
  readonly store: Store;
  /** Promises by the log position from which on they hold; the union with the one before holds until then. */
  readonly promises: { at: number; promised: Promised }[];
  readonly promise: (promised: Promised) => void;
}

/** A disk with a shell and a mount point, and nothing of ours. */
export function bareDisk(): Disk {
  const fs = createMemoryFs(emptyDisk());
  fs.plant("/bin/sh", "a shell", 0o755);
  fs.plant("/data/keep", "");
  return fs.disk;
}

export function openWorld(disk: Disk): World {
  const fs = createMemoryFs(disk);
  const store = openStore(DATA, { fs });
  const promises: World["promises"] = [];
  return { fs, store, promises, promise: (promised) => void promises.push({ at: fs.log.length, promised }) };
}

/** A disk on which A is stable and its loader stopped in order. */
export async function diskWithStable(): Promise<Disk> {
  const world = openWorld(bareDisk());
  await boot(world, A);
  world.store.records.setCleanStop();
  return copyDisk(world.fs.disk);
}

const plan = (store: Store, thorough: boolean): Promise<LaunchPlan> =>
  planLaunch(store, {
    trialTries: TRIES,
    thorough,
    readOnly: false,
    log: SILENT,
    signal: new AbortController().signal,
  });

/** A launch of a running loader. */
export const launch = ({ store }: World): Promise<LaunchPlan> => plan(store, false);

/** The start of a loader: the note of the clean stop, recovery, the first download or a repair. */
export async function boot(
  { store }: Pick<World, "store">,
  target: Version | "offline" = "offline",
): Promise<LaunchPlan> {
  const thorough = !store.records.cleanStop();
  store.records.dropCleanStop();
  const first = await plan(store, thorough);
  if (first.kind !== "empty") return first;
  const broken = REGISTRY.get(store.links.digest("entrypoint") ?? "sha256:");
  const wanted = broken ?? (target === "offline" ? undefined : target);
  if (wanted === undefined) return first;
  if (!(await hasWhole(store, wanted))) {
    if (target === "offline") return first;
    await download(store, wanted);
  }
  await extract(store, wanted);
  store.links.point("entrypoint", wanted.digest);
  return plan(store, false);
}

/** What an app does to stage a version, in the order of its update. */
export async function stage({ store }: World, current: Version, next: Version): Promise<void> {
  await download(store, next);
  await extract(store, next);
  await store.trees.retain(current.digest);
  store.records.setMarker(next.digest);
  store.links.point("attempt", next.digest);
}

/** The commit of an app: one rename, then what can wait. */
export function commit({ store }: World): boolean {
  const committed = store.links.commit();
  if (committed) acknowledgeCommit(store);
  return committed;
}

export const clean = ({ store }: World, running?: Digest): Promise<number> => collectGarbage(store, running);

/** The claim of a loader on the trial of an app of ours. */
export function claim({ store }: World, { digest }: Version, reason: FailureReason): string {
  store.records.setHandshake(RUN);
  const childAlive = reason.kind === "timeout";
  return claimTrial(store, { digest, reason, childAlive, runId: RUN, now: NOW });
}

export const goBack = ({ store }: World, { digest }: Version, reason: FailureReason): Promise<Digest> =>
  revert(store, { digest, reason, thorough: false, now: NOW });

export const prove = ({ store }: World, { digest }: Version): void => settle(store, digest);

export const stopCleanly = ({ store }: World): void => store.records.setCleanStop();

export const CRASH: FailureReason = { kind: "crashed-on-probation", exit: { kind: "code", code: 1 } };
export const TIMEOUT: FailureReason = { kind: "timeout", afterMs: 1 };
export const EXIT_ONE: FailureReason = { kind: "exited", exit: { kind: "code", code: 1 } };
export const RESTART: FailureReason = { kind: "exited", exit: { kind: "code", code: RESTART_EXIT_CODE } };

/** Replays a log on a disk. */
export function diskAfter(start: Disk, log: MemoryFs["log"]): Disk {
  const disk = copyDisk(start);
  for (const entry of log) if (entry.op !== "sync") apply(disk, entry);
  return disk;
}
