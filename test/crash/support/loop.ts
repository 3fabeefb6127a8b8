import { lstatSync, readdirSync, readlinkSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { must, run } from "../../container/support/command.ts";

export type FileSystemType = "ext4" | "xfs";

/** Sparse; the smallest that mkfs.xfs takes is 300 MiB. */
const IMAGE_BYTES = 320 * 1024 * 1024;
const UNMOUNT_TRIES = 50;
const UNMOUNT_PAUSE_MS = 100;

/** A file with an empty file system in it. */
export async function makeImage(path: string, type: FileSystemType): Promise<void> {
  writeFileSync(path, "");
  truncateSync(path, IMAGE_BYTES);
  await must(`mkfs.${type}`, ["-q", path]);
}

/** Copies of one XFS have one UUID, and are mounted at the same time. */
const OPTIONS: Record<FileSystemType, string> = { ext4: "loop", xfs: "loop,nouuid" };

export async function mountImage(image: string, directory: string, type: FileSystemType): Promise<void> {
  await mkdir(directory, { recursive: true });
  await must("mount", ["-t", type, "-o", OPTIONS[type], image, directory]);
}

/** Waits for the last process that still has a file open there. */
export async function unmount(directory: string): Promise<void> {
  for (let left = UNMOUNT_TRIES; ; left -= 1) {
    const { code, err } = await run("umount", [directory]);
    if (code === 0) return;
    if (left === 0) throw new Error(err);
    await delay(UNMOUNT_PAUSE_MS);
  }
}

export const copyImage = (from: string, to: string): Promise<string> => must("cp", ["--sparse=always", from, to]);

/**
 * The file system forgets, at this moment, everything that is not on the disk: like a power cut. `flushJournal`: its
 * log is written out first, so names survive and contents do not.
 */
export const cutPower = (directory: string, flushJournal: boolean): Promise<string> =>
  must("xfs_io", ["-x", "-c", flushJournal ? "shutdown -f" : "shutdown", directory]);

/** Links of a data directory are absolute: after a copy they are made to show the copy. */
export async function repointLinks(dataDir: string, from: string): Promise<void> {
  for (const name of readdirSync(dataDir)) {
    const path = join(dataDir, name);
    if (!lstatSync(path).isSymbolicLink()) continue;
    const target = readlinkSync(path).replace(from, dataDir);
    rmSync(path);
    symlinkSync(target, path);
  }
  await must("sync", ["-f", dirname(dataDir)]);
}
