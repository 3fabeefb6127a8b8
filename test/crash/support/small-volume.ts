import { closeSync, mkdirSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { must } from "../../container/support/command.ts";
import { unmount } from "./loop.ts";

export type SmallType = "tmpfs" | "ext4";

/** More than an update asks for before it begins, and little enough to be filled at once. */
const BYTES = 128 * 1024 * 1024;
const INODES = 256;
const CHUNK = Buffer.alloc(64 * 1024);

/** A real file system that is small, and whose space can be taken and given back. */
export interface SmallVolume {
  readonly root: string;
  /** Takes every byte (or every inode) that is left. */
  readonly fill: (what: "bytes" | "inodes") => void;
  readonly free: () => void;
  readonly remount: (mode: "ro" | "rw") => Promise<string>;
  readonly close: () => Promise<void>;
}

/** Mounts one below `folder`. */
export async function openSmallVolume(folder: string, type: SmallType): Promise<SmallVolume> {
  const root = join(folder, "small");
  const image = join(folder, "small-image");
  const ballast = join(root, "ballast");
  mkdirSync(root, { recursive: true });
  if (type === "tmpfs") await must("mount", ["-t", "tmpfs", "-o", `size=${BYTES},nr_inodes=${INODES}`, "none", root]);
  else {
    writeFileSync(image, "");
    truncateSync(image, BYTES);
    // No blocks in reserve: they would be root's.
    await must("mkfs.ext4", ["-q", "-m", "0", "-N", String(INODES), image]);
    await must("mount", ["-t", "ext4", "-o", "loop", image, root]);
  }
  return {
    root,
    fill: (what) => {
      mkdirSync(ballast);
      untilFull(() => (what === "bytes" ? writeFile(join(ballast, "bytes")) : writeFiles(ballast)));
    },
    free: () => rmSync(ballast, { recursive: true }),
    remount: (mode) => must("mount", ["-o", `remount,${mode}`, root]),
    close: async () => {
      await unmount(root);
      rmSync(image, { force: true });
    },
  };
}

function writeFile(path: string): never {
  const fd = openSync(path, "w");
  try {
    // The last write is cut short; single bytes take what it has left.
    for (let size = CHUNK.length; ;) {
      try {
        writeSync(fd, CHUNK, 0, size);
      } catch (error) {
        if (size === 1) throw error;
        size = 1;
      }
    }
  } finally {
    closeSync(fd);
  }
}

function writeFiles(folder: string): never {
  for (let index = 0; ; index += 1) writeFileSync(join(folder, String(index)), "");
}

function untilFull(write: () => never): void {
  try {
    write();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
}
