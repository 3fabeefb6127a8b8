/** Every disk of the exploration once, and what a step makes of it: worked out once for each disk and step. */
import { hash } from "node:crypto";
import { build, isSync, syncsOf } from "../model/crash.ts";
import { copyDisk, describeDisk, type Disk, type Entry } from "../model/disk.ts";
import { openWorld, type World } from "../model/world.ts";
import type { Version } from "../model/versions.ts";
import { type Facts, factsOf } from "./facts.ts";

/** The number of a disk: equal for two that differ in nothing but random names and times. */
export type DiskId = number;

/** What one step leaves: when it ends, and when the power goes at any operation of it. */
export interface Stepped<T> {
  readonly answer: T;
  readonly after: DiskId;
  readonly cuts: () => readonly DiskId[];
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

/** Why a version failed is for people: two disks that differ in it alone go the same ways. */
const REASON = /"reason":\{.*?\}+,/g;
/** What was cut short lies under names that are out of use: how much of it there is decides nothing. */
const LEFTOVER = /^(.*?\/(?:tmp|removing)-[^/\n]*).*(\n|$)/gm;

/** Names that something depends on: in these directories a cut before and after every change is tried. */
const TELLING = new Set(["dockerloader", "state", "failed", "extracted", "retained", "images", "blobs"]);

/** True for an operation on such a name; what happens to files in the making or to trees out of use decides nothing. */
function isTelling(disk: Disk, entry: Entry): boolean {
  if (isSync(entry) || !("dir" in entry)) return false;
  const named = entry.op === "rename" ? [entry.name, entry.toName] : [entry.name];
  if (named.every((name) => /^(tmp|removing)-/.test(name))) return false;
  const dirs = entry.op === "rename" ? [entry.dir, entry.toDir] : [entry.dir];
  return dirs.some((dir) => TELLING.has(nameOf(disk, dir)));
}

/** The name of a directory, by whichever entry shows it. */
function nameOf(disk: Disk, dir: number): string {
  for (const node of disk.nodes.values()) {
    if (node.kind !== "directory") continue;
    for (const [name, ino] of node.entries) if (ino === dir) return name;
  }
  return "";
}

/**
 * What a cut after each telling operation may leave: everything (a kill), or only what was forced. Every other subset of
 * what was not forced is the business of the sweep.
 */
function cutsIn(start: Disk, end: Disk, log: readonly Entry[]): Disk[] {
  const syncs = syncsOf(log);
  return log.flatMap((last, index) => {
    if (!isTelling(end, last)) return [];
    const past = log.slice(0, index + 1);
    const forced = (entry: number): boolean => (syncs[entry] ?? Infinity) <= index;
    return [() => true, forced].map((kept) => build(start, past, kept));
  });
}

/** A disk as text, without what decides nothing; the first line of each leftover stands for all of it. */
function describeKept(disk: Disk): string {
  const lines = describeDisk(disk).replace(REASON, "").replace(LEFTOVER, "$1$2").split("\n");
  return [...new Set(lines)].join("\n");
}

export function createDisks(versions: readonly Version[]): Disks {
  const ids = new Map<string, DiskId>();
  const disks: Disk[] = [];
  const known = new Map<DiskId, Facts>();
  const steps = new Map<string, Promise<Stepped<unknown>>>();

  const idOf = (disk: Disk): DiskId => {
    const key = hash("sha1", describeKept(disk));
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
  const facts = (id: DiskId): Facts => {
    const found = known.get(id) ?? factsOf(openWorld(diskOf(id)));
    known.set(id, found);
    return found;
  };
  const run = async <T>(id: DiskId, action: (world: World) => T | Promise<T>): Promise<Stepped<T>> => {
    const world = openWorld(diskOf(id));
    const answer = await action(world);
    let cuts: readonly DiskId[] | undefined;
    const cutsOf = (): readonly DiskId[] => {
      cuts ??= [...new Set(cutsIn(diskOf(id), world.fs.disk, world.fs.log).map(idOf))];
      return cuts;
    };
    return { answer, after: idOf(world.fs.disk), cuts: cutsOf };
  };
  return {
    idOf,
    disk: diskOf,
    facts,
    step: <T>(id: DiskId, name: string, action: (world: World) => T | Promise<T>) => {
      const key = `${id} ${name}`;
      const found = steps.get(key) ?? run(id, action);
      steps.set(key, found);
      return found as Promise<Stepped<T>>;
    },
    versions,
    count: () => disks.length,
  };
}
