/** What the power leaves of one step when it goes inside it. */
import { build, isSync, syncsOf } from "../model/crash.ts";
import { apply, copyDisk, type Disk, type Entry, type Ino } from "../model/disk.ts";

/** Names that something depends on: in these directories a cut before and after every change is tried. */
const TELLING = new Set(["dockerloader", "state", "failed", "extracted", "retained", "images", "blobs"]);

/**
 * Hands over what a cut after each telling operation may leave: everything (a kill), or only what was forced. Every other
 * subset of what was not forced is the business of the sweep. A disk that is handed over changes afterwards.
 */
export function forEachCut(start: Disk, end: Disk, log: readonly Entry[], use: (disk: Disk) => void): void {
  const syncs = syncsOf(log);
  const names = namesOf(end);
  const all = copyDisk(start);
  all.next += log.length;
  let synced = 0;
  let before = -1;
  for (const [index, last] of log.entries()) {
    if (isSync(last)) {
      synced += 1;
      continue;
    }
    apply(all, last);
    if (!isTelling(names, last)) continue;
    use(all);
    // Nothing was forced since the last cut: it leaves the same.
    if (synced === before) continue;
    before = synced;
    use(build(start, log.slice(0, index + 1), (entry) => (syncs[entry] ?? Infinity) <= index));
  }
}

/** True for an operation on such a name; what happens to files in the making or to trees out of use decides nothing. */
function isTelling(names: ReadonlyMap<Ino, string>, entry: Entry): boolean {
  if (isSync(entry) || !("dir" in entry)) return false;
  const named = entry.op === "rename" ? [entry.name, entry.toName] : [entry.name];
  if (named.every((name) => /^(tmp|removing)-/.test(name))) return false;
  const dirs = entry.op === "rename" ? [entry.dir, entry.toDir] : [entry.dir];
  return dirs.some((dir) => TELLING.has(names.get(dir) ?? ""));
}

/** The name of each directory. */
function namesOf({ nodes }: Disk): ReadonlyMap<Ino, string> {
  const names = new Map<Ino, string>();
  for (const node of nodes.values()) {
    if (node.kind !== "directory") continue;
    for (const [name, ino] of node.entries) if (!names.has(ino)) names.set(ino, name);
  }
  return names;
}
