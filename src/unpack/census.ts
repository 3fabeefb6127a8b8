import { lstatSync } from "node:fs";
import type { RawPath } from "./names.ts";
import { lineOf } from "../seal-line.ts";

/** A file of the tree, one object for all its names. */
interface FileFacts {
  mode: number;
  /** Lower-case hexadecimal; empty until it is known. */
  sha256: string;
}

/** Length of a SHA-256 in hexadecimal. */
const HASH_CHARS = 64;
const MODE_BITS = 0o7777;

/**
 * Knows what is in the tree at any moment: modes, content by its hash, targets of links. From it comes the tree's seal
 * (see `src/store/seal.ts`) without reading again what has just been written. Gives up, and holds nothing, beyond `most` names.
 */
export class Census {
  readonly #most: number;
  readonly #files = new Map<string, FileFacts>();
  readonly #links = new Map<string, string>();
  #full = false;

  constructor(most: number) {
    this.#most = most;
  }

  /** A new file. Its hash is to be told when it is known. */
  file(path: string, mode: number): (sha256: string) => void {
    const facts = { mode: mode & MODE_BITS, sha256: "" };
    this.#files.set(path, facts);
    this.#check();
    return (sha256) => {
      facts.sha256 = sha256;
    };
  }

  link(path: string, target: string): void {
    this.#links.set(path, target);
    this.#check();
  }

  /** One more name for what is at `existing`; `copied`: the volume made it a file of its own. */
  alias(existing: string, path: string, copied: boolean): void {
    const target = this.#links.get(existing);
    const facts = this.#files.get(existing);
    if (target !== undefined) this.link(path, target);
    else if (facts !== undefined) this.#files.set(path, copied ? { ...facts } : facts);
    this.#check();
  }

  /** The mode of the file at a path changes, and so that of all its names. `remake` may make it anew: it answers under which names. */
  mode(path: string, mode: number, remake: () => readonly string[]): void {
    const facts = this.#files.get(path);
    const names = remake();
    if (facts === undefined) return;
    facts.mode = mode & MODE_BITS;
    for (const name of names) this.#files.set(name, facts);
  }

  /** The content of the file at a path has come. */
  content(path: string, sha256: string): void {
    const facts = this.#files.get(path);
    if (facts !== undefined) facts.sha256 = sha256;
  }

  /** A file or link was removed. */
  gone(path: string): void {
    this.#files.delete(path);
    this.#links.delete(path);
  }

  #check(): void {
    if (this.#files.size + this.#links.size <= this.#most) return;
    this.#full = true;
    this.#files.clear();
    this.#links.clear();
  }

  /**
   * The seal of the complete tree. Undefined when something is not known, or when the volume did not keep a mode (one path of each
   * mode is looked at): then the tree has to be read.
   */
  seal(
    directories: Iterable<readonly [path: string, mode: number]>,
    pathOf: (path: string) => RawPath,
  ): string[] | undefined {
    if (this.#full) return undefined;
    const lines: string[] = [];
    const examples = new Map<string, string>();
    for (const [path, { mode, sha256 }] of this.#files) {
      if (sha256.length !== HASH_CHARS) return undefined;
      lines.push(lineOf("f", mode.toString(8), path, sha256));
      examples.set(`f${mode}`, path);
    }
    for (const [path, mode] of directories) {
      if (path === "") continue;
      lines.push(lineOf("d", mode.toString(8), path, ""));
      examples.set(`d${mode}`, path);
    }
    for (const [path, target] of this.#links) lines.push(lineOf("l", "", path, target));
    for (const [wanted, path] of examples) {
      if ((lstatSync(pathOf(path)).mode & MODE_BITS) !== Number(wanted.slice(1))) return undefined;
    }
    return lines.sort();
  }
}
