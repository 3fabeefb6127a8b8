import type { Digest } from "../digest.ts";
import { statIfPresent } from "./reads.ts";
import type { Store } from "./store.ts";

/** A shared claim on a version's tree: while anybody holds one, no clean-up moves or removes it. */
export interface Lease {
  /** The descriptor that holds it; a child that inherits it holds the lease too. */
  readonly fd: number;
  readonly release: () => void;
}

/**
 * Takes a lease on a version's tree: a shared flock on its directory, which the kernel drops with its last holder.
 * Undefined: there is no tree, or nothing can be locked here; what is used is then kept only by its link.
 */
export function takeLease({ fs, layout }: Store, digest: Digest): Lease | undefined {
  let fd: number;
  try {
    fd = fs.openSync(layout.tree(digest), "r");
  } catch {
    return undefined;
  }
  if (fs.flock(fd, "shared", 0) === "held") return { fd, release: () => fs.closeSync(fd) };
  fs.closeSync(fd);
  return undefined;
}

/** True while somebody holds a lease on the tree at this path; what is no directory nobody runs. */
export function isLeased({ fs }: Pick<Store, "fs">, path: string): boolean {
  if (statIfPresent(fs, path)?.isDirectory() !== true) return false;
  const fd = fs.openSync(path, "r");
  try {
    return fs.flock(fd, "exclusive", 0) === "busy";
  } finally {
    fs.closeSync(fd);
  }
}
