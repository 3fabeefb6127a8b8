/** Every disk of the exploration once, and what a step makes of it: worked out once for each disk and step. */
import { copyDisk, type Disk } from "../model/disk.ts";
import { openWorld, type World } from "../model/world.ts";
import type { Version } from "../model/versions.ts";
import { forEachCut } from "./cuts.ts";
import type { DiskKey } from "./disk-key.ts";
import { type Facts, factsOf } from "./facts.ts";

/** The number of a disk: equal for two that differ in nothing that decides. */
export type DiskId = number;

/** What one step leaves: when it ends, and when the power goes at any operation of it. */
export interface Stepped<T> {
  readonly answer: T;
  readonly after: DiskId;
  readonly cuts: readonly DiskId[];
}

/** One thing that one step made of a disk. */
export interface Step {
  readonly name: string;
  readonly cut: boolean;
  readonly before: DiskId;
  readonly after: DiskId;
}

export interface Disks {
  readonly idOf: (disk: Disk) => DiskId;
  readonly disk: (id: DiskId) => Disk;
  readonly facts: (id: DiskId) => Facts;
  /** Runs an action on this disk. `name` is equal for actions that do the same on equal disks. */
  readonly step: <T>(id: DiskId, name: string, action: (world: World) => T | Promise<T>) => Promise<Stepped<T>>;
  readonly count: () => number;
  /** What the registry has, in the order in which it comes to have it. */
  readonly versions: readonly Version[];
}

export interface DisksOptions {
  readonly versions: readonly Version[];
  readonly keyOf: DiskKey;
  /** Is shown whatever any step makes of any disk, once. */
  readonly onStep: (step: Step, disks: Disks) => void;
}

export function createDisks({ versions, keyOf, onStep }: DisksOptions): Disks {
  const ids = new Map<string | number, DiskId>();
  const disks: Disk[] = [];
  const known: Facts[] = [];
  const steps: Map<string, Promise<Stepped<unknown>>>[] = [];

  const idOf = (disk: Disk): DiskId => {
    const key = keyOf(disk);
    const found = ids.get(key);
    if (found !== undefined) return found;
    ids.set(key, disks.length);
    disks.push(copyDisk(disk));
    return disks.length - 1;
  };
  const diskOf = (id: DiskId): Disk => {
    const disk = disks[id];
    if (disk === undefined) throw new Error(`there is no disk ${id}`);
    return disk;
  };
  const run = async <T>(id: DiskId, name: string, action: (world: World) => T | Promise<T>): Promise<Stepped<T>> => {
    const world = openWorld(diskOf(id));
    const answer = await action(world);
    const cuts = new Set<DiskId>();
    forEachCut(diskOf(id), world.fs.disk, world.fs.log, (disk) => void cuts.add(idOf(disk)));
    const after = idOf(world.fs.disk);
    onStep({ name, cut: false, before: id, after }, all);
    for (const cut of cuts) onStep({ name, cut: true, before: id, after: cut }, all);
    return { answer, after, cuts: [...cuts] };
  };
  const all: Disks = {
    idOf,
    disk: diskOf,
    facts: (id) => (known[id] ??= factsOf(openWorld(diskOf(id)))),
    step: <T>(id: DiskId, name: string, action: (world: World) => T | Promise<T>) => {
      const ofDisk = (steps[id] ??= new Map<string, Promise<Stepped<unknown>>>());
      const found = ofDisk.get(name) ?? run(id, name, action);
      ofDisk.set(name, found);
      return found as Promise<Stepped<T>>;
    },
    versions,
    count: () => disks.length,
  };
  return all;
}
