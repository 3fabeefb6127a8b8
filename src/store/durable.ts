import { randomUUID } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { DockerloaderError } from "../errors.ts";
import { errnoOf, type FileSystem } from "./fs.ts";

/**
 * The durable primitives. Each one but `noteFile` is complete when it returns: the change survives a power cut, and a crash inside
 * leaves the old state or the new one, plus at most a name that starts with `tmp-` or `removing-`.
 * Guarantees of all: an fsync that failed is never repeated on the same data; the caller starts again from the source.
 */
export interface Durable {
  /** Atomic: `path` holds the old content or all of the new. Mode 0644 unless said otherwise. */
  readonly publishFile: (path: string, content: string | Uint8Array, mode?: number) => void;
  /** Atomic, and lost or unreadable after a power cut: for what costs next to nothing to find out again. Mode 0644. */
  readonly noteFile: (path: string, content: string) => void;
  /** Atomic: `link` shows its old target or `target`. Replaces a dangling link. */
  readonly flipLink: (link: string, target: string) => void;
  /** Atomic and durable rename; ENOENT of the source answers false. */
  readonly move: (from: string, to: string) => boolean;
  /** Removes a file or link; a missing one is fine. */
  readonly drop: (path: string) => void;
  /** Takes a tree or file out of its place in one durable rename, then deletes it. A missing one is fine. */
  readonly retire: (path: string) => Promise<void>;
  /** Creates a directory with its parents; one that exists keeps its mode. */
  readonly ensureDirectory: (path: string, mode?: number) => void;
  /**
   * The same for directories below `root`, with one sync for all that are new in one parent. The last is made when the others are
   * durable: while it is missing nobody knows whether they are, and all parents are synced again.
   */
  readonly ensureDirectories: (root: string, directories: readonly NewDirectory[]) => void;
  readonly syncDirectory: (path: string) => void;
  /** Makes the content of a file durable under the name it has. */
  readonly syncFile: (path: string) => void;
}

/** A directory that has to be there, and the mode that it gets when it is made. */
export type NewDirectory = readonly [path: string, mode: number];

/** A name that is out of use already: it needs no rename before it is deleted. */
const LEFTOVER = /^(tmp|removing)-/;

/** Errors by which a file system says "directories cannot be synced here": no promise can be kept, none is broken. */
export const NO_DIRECTORY_SYNC = new Set(["EINVAL", "ENOTSUP", "EISDIR", "EPERM", "EBADF"]);

/** Turns an errno into STORE_FULL or STORE_IO, naming the operation and the path. */
export function storeError(operation: string, path: string, cause: unknown): DockerloaderError {
  if (cause instanceof DockerloaderError) return cause;
  const errno = errnoOf(cause) ?? "unknown error";
  const full = errno === "ENOSPC" || errno === "EDQUOT";
  return new DockerloaderError(full ? "STORE_FULL" : "STORE_IO", `cannot ${operation} ${path}: ${errno}`, {
    cause,
    hint: full ? "free space on the volume" : "check that the volume is mounted, writable and healthy",
    details: { errno },
  });
}

/** How the system names its errors; Node's own (`ERR_INVALID_ARG_TYPE`) are defects of ours. */
const ERRNO = /^E(?!RR_)[A-Z0-9]+$/;

/** True for what the volume did to us: no defect of ours, and no fault of any version. */
export function isStorageFault(error: unknown): boolean {
  if (error instanceof DockerloaderError) return error.code === "STORE_FULL" || error.code === "STORE_IO";
  return ERRNO.test(errnoOf(error) ?? "");
}

const isBelow = (root: string, path: string): boolean => path === root || path.startsWith(`${root}/`);

export function createDurable(fs: FileSystem, onUnsyncable: (path: string) => void = () => {}): Durable {
  const temporaryFor = (path: string): string => join(dirname(path), `tmp-${basename(path)}-${randomUUID()}`);

  const syncDirectory = (path: string): void => {
    const fd = fs.openSync(path, "r");
    try {
      fs.fsyncSync(fd);
    } catch (error) {
      if (!NO_DIRECTORY_SYNC.has(errnoOf(error) ?? "")) throw error;
      onUnsyncable(path);
    } finally {
      fs.closeSync(fd);
    }
  };

  const writeAll = (path: string, content: Uint8Array, mode: number, sync = true): void => {
    const fd = fs.openSync(path, "wx", 0o600);
    try {
      for (let written = 0; written < content.length;) written += fs.writeSync(fd, content, written);
      if (sync) fs.fsyncSync(fd);
      fs.fchmodSync(fd, mode);
    } finally {
      fs.closeSync(fd);
    }
  };

  const guarded = <T>(operation: string, path: string, action: () => T): T => {
    try {
      return action();
    } catch (error) {
      throw storeError(operation, path, error);
    }
  };

  const unlinkIfPresent = (path: string): boolean => {
    try {
      fs.unlinkSync(path);
      return true;
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return false;
      throw error;
    }
  };

  const renameIfPresent = (from: string, to: string): boolean => {
    try {
      fs.renameSync(from, to);
      return true;
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return false;
      throw error;
    }
  };

  /** Publishes what `make` wrote under a temporary name; a failure leaves nothing behind. */
  const replace = (operation: string, path: string, make: (temporary: string) => void, sync = true): void =>
    guarded(operation, path, () => {
      const temporary = temporaryFor(path);
      try {
        make(temporary);
        fs.renameSync(temporary, path);
      } catch (error) {
        unlinkIfPresent(temporary);
        throw error;
      }
      if (sync) syncDirectory(dirname(path));
    });

  const isThere = (path: string): boolean => fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined;

  /** Makes a directory and what is missing above it. Answers the parents that have a new name in them. */
  const makeDirectory = (path: string, mode: number): string[] => {
    if (isThere(path)) return [];
    const parent = dirname(path);
    const above = parent === path ? [] : makeDirectory(parent, 0o755);
    try {
      fs.mkdirSync(path, { mode });
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
    }
    return [...above, parent];
  };

  /** Every directory that had to be made is synced into its parent: a record in it must not vanish with its folder. */
  const syncNew = (parents: Iterable<string>): void => {
    for (const parent of parents) syncDirectory(parent);
  };

  const ensureDirectory = (path: string, mode = 0o755): void =>
    guarded("create", path, () => syncNew(makeDirectory(path, mode)));

  const ensureDirectories = (root: string, directories: readonly NewDirectory[]): void => {
    const others = [...directories];
    const [last, lastMode] = others.pop() ?? [root];
    if (guarded("create", last, () => isThere(last))) {
      for (const [path, mode] of others) ensureDirectory(path, mode);
      return;
    }
    const parents = new Set<string>();
    for (const [path, mode] of others) {
      for (const parent of guarded("create", path, () => makeDirectory(path, mode))) parents.add(parent);
      for (let parent = dirname(path); isBelow(root, parent); parent = dirname(parent)) parents.add(parent);
    }
    guarded("create", root, () => syncNew(parents));
    ensureDirectory(last, lastMode);
  };

  return {
    syncDirectory: (path) => guarded("sync", path, () => syncDirectory(path)),
    syncFile: (path) =>
      guarded("sync", path, () => {
        const fd = fs.openSync(path, "r");
        try {
          fs.fsyncSync(fd);
        } finally {
          fs.closeSync(fd);
        }
      }),
    publishFile: (path, content, mode = 0o644) =>
      replace("write", path, (temporary) => writeAll(temporary, Buffer.from(content), mode)),
    noteFile: (path, content) =>
      replace("write", path, (temporary) => writeAll(temporary, Buffer.from(content), 0o644, false), false),
    flipLink: (link, target) => replace("link", link, (temporary) => fs.symlinkSync(target, temporary)),
    move: (from, to) =>
      guarded("rename", from, () => {
        const moved = renameIfPresent(from, to);
        if (moved) {
          syncDirectory(dirname(to));
          if (dirname(from) !== dirname(to)) syncDirectory(dirname(from));
        }
        return moved;
      }),
    drop: (path) =>
      guarded("remove", path, () => {
        if (unlinkIfPresent(path)) syncDirectory(dirname(path));
      }),
    retire: async (path) => {
      const name = basename(path);
      const doomed = LEFTOVER.test(name) ? path : join(dirname(path), `removing-${name}-${randomUUID()}`);
      const present = guarded("rename", path, () => doomed === path || renameIfPresent(path, doomed));
      if (!present) return;
      if (doomed !== path) guarded("sync", dirname(path), () => syncDirectory(dirname(path)));
      await fs.removeTree(doomed).catch((error: unknown) => {
        throw storeError("remove", doomed, error);
      });
    },
    ensureDirectory,
    ensureDirectories,
  };
}
