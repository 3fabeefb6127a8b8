import { lstatSync } from "node:fs";
import type { FileRecord } from "./file-record.ts";
import { LateMap } from "./late-map.ts";
import type { RawPath } from "./names.ts";
import { lineOf } from "../seal-line.ts";
import type { Lines } from "./write-behind.ts";

/** Length of a SHA-256 in hexadecimal. */
const HASH_CHARS = 64;
const MODE_BITS = 0o7777;

/**
 * Knows what is in the tree at any moment: modes, content by its hash, targets of links. From it comes the tree's seal
 * (see `src/store/seal.ts`) without reading again what has just been written. Gives up, and holds nothing, beyond `most` names.
 */
export class Census {
  readonly #most: number;
  readonly #files = new LateMap<string, FileRecord>();
  readonly #links = new LateMap<string, string>();
  #full = false;

  constructor(most: number) {
    this.#most = most;
  }

  /** A file, new or at its path again. */
  file(record: FileRecord): void {
    this.#files.add(record.path, record);
    this.#check();
  }

  link(path: string, target: string): void {
    this.#links.add(path, target);
    this.#check();
  }

  /** One more name for what is at `existing`. `copy`: the record of the file of its own that the volume made of it. */
  alias(existing: string, path: string, copy: FileRecord | undefined): void {
    const target = this.#links.get(existing);
    const record = this.#files.get(existing);
    if (target !== undefined) this.link(path, target);
    else if (record !== undefined) {
      if (copy !== undefined) Object.assign(copy, { mode: record.mode, sha256: record.sha256 });
      this.#files.add(path, copy ?? record);
    }
    this.#check();
  }

  /** The mode of the file at a path changes, and so that of all its names. `remake` may make it anew: it answers under which names. */
  mode(path: string, mode: number, remake: () => readonly string[]): void {
    const record = this.#files.get(path);
    const names = remake();
    if (record === undefined) return;
    record.mode = mode;
    for (const name of names) this.#files.set(name, record);
  }

  /** A file or link was removed. False when it was not there by this name. */
  gone(path: string): boolean {
    const known = this.#files.delete(path);
    return this.#links.delete(path) || known || this.#full;
  }

  #check(): void {
    if (this.#files.size + this.#links.size <= this.#most) return;
    this.#full = true;
    this.#files.clear();
    this.#links.clear();
  }

  /**
   * The lines of the complete tree's seal, in no order. Undefined when something is not known, or when the volume did not keep a mode
   * (one path of each mode is looked at): then the tree has to be read.
   */
  seal(
    directories: Iterable<readonly [path: string, mode: number]>,
    pathOf: (path: string) => RawPath,
  ): Lines | undefined {
    if (this.#full) return undefined;
    const below = [...directories].filter(([path]) => path !== "");
    const examples = new Map<number, string>();
    let complete = true;
    this.#files.forEach((path, { mode, sha256 }) => {
      if (sha256.length !== HASH_CHARS) complete = false;
      if (!examples.has(mode)) examples.set(mode, path);
    });
    if (!complete) return undefined;
    for (const [wanted, path] of [...examples, ...new Map(below.map(([path, mode]) => [mode, path]))]) {
      if (((lstatSync(pathOf(path)).mode ^ wanted) & MODE_BITS) !== 0) return undefined;
    }
    return (tell) => {
      this.#files.forEach((path, { mode, sha256 }) => {
        tell(lineOf("f", (mode & MODE_BITS).toString(8), path, sha256));
      });
      for (const [path, mode] of below) tell(lineOf("d", mode.toString(8), path, ""));
      this.#links.forEach((path, target) => tell(lineOf("l", "", path, target)));
    };
  }
}
