import { randomUUID } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { DockerloaderError } from "../errors.ts";
import { statIfPresent } from "./reads.ts";
import { tryLock } from "./lock.ts";
import type { Store } from "./store.ts";

/** What a volume can do, tried for real on files of our own that are gone afterwards. */
export interface VolumeProbe {
  readonly owner: number;
  readonly free: number;
  readonly total: number;
  /** Milliseconds of one durable write: content, rename and directory synced. Or why it failed. */
  readonly durableWrite: { readonly ms: number } | { readonly fault: string };
  readonly lock: "works" | { readonly fault: string };
  /** Whether it holds every name and link of an image; `folded`: it takes names for one that differ in case. */
  readonly names: "exact" | "folded" | { readonly fault: string };
}

/** Tries a data directory that exists. Never throws; leaves nothing. */
export function probeVolume({ fs, durable, layout }: Store): VolumeProbe {
  const path = join(layout.state, `tmp-probe-${randomUUID()}`);
  const { bavail, blocks, bsize } = fs.statfsSync(layout.dataDir);
  const facts = { owner: fs.lstatSync(layout.dataDir).uid, free: bavail * bsize, total: blocks * bsize };
  const faultOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
  try {
    const begun = performance.now();
    durable.publishFile(path, "probe\n");
    const durableWrite = { ms: Math.round((performance.now() - begun) * 10) / 10 };
    return { ...facts, durableWrite, lock: probeLock(fs, path), names: probeNames(fs, path) };
  } catch (error) {
    const fault = error instanceof DockerloaderError ? error.message : faultOf(error);
    return { ...facts, durableWrite: { fault }, lock: { fault }, names: { fault } };
  } finally {
    try {
      durable.drop(path);
    } catch {
      // It could not be written either.
    }
  }
}

function probeLock(fs: Store["fs"], path: string): VolumeProbe["lock"] {
  const first = tryLock(fs, path);
  if (first.kind === "unsupported") return { fault: first.why };
  if (first.kind === "busy") return { fault: "a new file is locked already" };
  const second = tryLock(fs, path);
  first.lock.release();
  if (second.kind !== "held") return "works";
  second.lock.release();
  return { fault: "two holders got the same lock" };
}

/** A link whose name has a colon, as digests have, and the same name in capitals. FAT has none of that, Windows and macOS fold names. */
function probeNames(fs: Store["fs"], path: string): VolumeProbe["names"] {
  const link = `${path}:link`;
  try {
    fs.symlinkSync(basename(path), link);
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
  try {
    const capitals = join(dirname(link), basename(link).toUpperCase());
    return statIfPresent(fs, capitals) === undefined ? "exact" : "folded";
  } finally {
    fs.unlinkSync(link);
  }
}
