import { join } from "node:path";
import { isDigest } from "../digest.ts";
import { listNames } from "./reads.ts";
import type { Store } from "./store.ts";

/** Bytes on the volume. `versions` and `retained` are what the receipts of their trees state, shared content counted once. */
export interface StorageUse {
  readonly blobs: number;
  readonly versions: number;
  readonly retained: number;
  readonly free: number;
  readonly total: number;
}

/** How the data directory uses its volume: cheap enough to be asked every few seconds, so no tree is walked. */
export function storageUse({ fs, layout, trees }: Store): StorageUse {
  const sizes = (directory: string): number =>
    listNames(fs, directory).reduce(
      (sum, name) => sum + (fs.lstatSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
  const unpacked = (names: readonly string[]): number =>
    names.filter(isDigest).reduce((sum, digest) => sum + (trees.receipt(digest)?.bytes ?? 0), 0);
  const extracted = listNames(fs, layout.extracted);
  const retained = listNames(fs, layout.retained).filter((name) => !extracted.includes(name));
  const { bavail, blocks, bsize } = fs.statfsSync(layout.dataDir);
  return {
    blobs: sizes(layout.blobs),
    versions: unpacked(extracted),
    retained: unpacked(retained),
    free: bavail * bsize,
    total: blocks * bsize,
  };
}
