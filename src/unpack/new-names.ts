import { parentOf } from "./names.ts";

/** Directories whose names are remembered, and how many names of each: what is beyond has to be looked at. */
const DIRECTORIES = 64;
const NAMES = 4096;

/**
 * Knows of the directories made last what has been made in them, which is all that is in them: of a name that is not known nothing
 * is there, and nobody has to look. Entries of a directory mostly follow it.
 */
export class NewNames {
  readonly #made = new Map<string, Set<string>>();

  /** A directory was made: it is empty. */
  directory(path: string): void {
    this.#made.delete(path);
    this.#made.set(path, new Set());
    if (this.#made.size <= DIRECTORIES) return;
    const [oldest = ""] = this.#made.keys();
    this.#made.delete(oldest);
  }

  /** Something was made, or is going to be. True when nothing was at the path for certain. */
  add(path: string): boolean {
    const parent = parentOf(path);
    const names = this.#made.get(parent);
    if (names === undefined || names.has(path)) return false;
    names.add(path);
    if (names.size > NAMES) this.#made.delete(parent);
    return true;
  }

  /** A directory was removed. */
  gone(path: string): void {
    this.#made.delete(path);
  }
}
