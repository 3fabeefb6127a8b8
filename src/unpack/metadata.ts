import { closeSync, constants, fchmodSync, fchownSync, fstatSync, futimesSync, openSync } from "node:fs";
import type { RawPath } from "./names.ts";
import type { Ownership } from "./ownership.ts";

/** What a directory is to look like in the end. Without `mtime` (seconds) the time is left as it is. */
export interface DirectoryFacts {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number | undefined;
}

/** The latest time that fits 64 bits of nanoseconds, in seconds. */
const LATEST = 9_223_372_036;

/** Times outside of [1970, 2262] become the epoch (rule A33). */
export const clampTime = (seconds: number): number => (seconds < 0 || seconds > LATEST ? 0 : seconds);

/** True for a time of a file, in milliseconds, that was set to these seconds: a file system keeps more digits than a double. */
export const isSameTime = (mtimeMs: number, seconds: number): boolean => Math.abs(mtimeMs - seconds * 1000) < 0.01;

/**
 * Modes, owners and times of directories, kept until all layers are applied (rules A31 and A33): until then every
 * directory is writable for us, and no later child changes its time.
 */
export class DirectoryMetadata {
  readonly #facts = new Map<string, DirectoryFacts>();

  set(path: string, facts: DirectoryFacts): void {
    this.#facts.set(path, facts);
  }

  has(path: string): boolean {
    return this.#facts.has(path);
  }

  /** To be called for every directory that is removed. */
  forget(path: string): void {
    this.#facts.delete(path);
  }

  /** The directories that are known. */
  paths(): Iterable<string> {
    return this.#facts.keys();
  }

  /** The mode that each directory gets. */
  *modes(ownership: Ownership): Generator<readonly [path: string, mode: number]> {
    for (const [path, { mode }] of this.#facts) yield [path, (mode & 0o7777) | ownership.keptOnDirectories];
  }

  /** Deepest first, through a descriptor that follows no link. Most have their owner already: to look costs less than to set it. */
  apply(pathOf: (path: string) => RawPath, ownership: Ownership): void {
    const deepestFirst = [...this.#facts].sort(([a], [b]) => b.length - a.length);
    for (const [path, facts] of deepestFirst) {
      const fd = openSync(pathOf(path), constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
      try {
        const stat = fstatSync(fd);
        if (stat.uid !== facts.uid || stat.gid !== facts.gid) {
          ownership.give(facts.uid, facts.gid, path, (uid, gid) => fchownSync(fd, uid, gid));
        }
        const mode = (facts.mode & 0o7777) | ownership.keptOnDirectories;
        if ((stat.mode & 0o7777) !== mode) fchmodSync(fd, mode);
        if (facts.mtime !== undefined) futimesSync(fd, facts.mtime, facts.mtime);
      } finally {
        closeSync(fd);
      }
    }
  }
}
