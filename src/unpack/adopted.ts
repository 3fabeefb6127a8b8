import { LateMap } from "./late-map.ts";

/** The files of a tree that another tree shares: by their inodes, where they come from and their names here. */
export class Adopted {
  readonly #sources = new LateMap<number, string>();
  readonly #firstNames = new LateMap<number, string>();
  /** The names that such a file got after its first one. */
  readonly #moreNames = new Map<number, string[]>();

  get size(): number {
    return this.#sources.size;
  }

  /** `source`: its path in the other tree. */
  add(ino: number, source: string, name: string): void {
    this.#sources.add(ino, source);
    this.#firstNames.add(ino, name);
  }

  /** A file has one more name; nothing when it is no adopted one. */
  named(ino: number, name: string): void {
    if (this.#sources.get(ino) === undefined) return;
    this.#moreNames.set(ino, [...(this.#moreNames.get(ino) ?? []), name]);
  }

  /** A file is going to be this tree's own. Answers what was known of it, once. */
  take(ino: number): { readonly source: string; readonly names: readonly string[] } | undefined {
    const source = this.#sources.get(ino);
    const first = this.#firstNames.get(ino);
    if (source === undefined || first === undefined) return undefined;
    const names = [first, ...(this.#moreNames.get(ino) ?? [])];
    this.#sources.delete(ino);
    this.#firstNames.delete(ino);
    this.#moreNames.delete(ino);
    return { source, names };
  }
}
