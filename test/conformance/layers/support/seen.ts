import type { EntryKind, LayerEntry } from "./entries.ts";

export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));
export const join = (parent: string, name: string): string => (parent === "" ? name : `${parent}/${name}`);

/** True when the path is below the directory. */
export const below = (path: string, directory: string): boolean => directory === "" || path.startsWith(`${directory}/`);

/** What the generator believes is in the tree. Good enough to aim at, and to meet what makes every tool give up only now and then. */
export class Seen {
  readonly #kinds = new Map<string, EntryKind>();
  readonly #headers = new Map<string, LayerEntry>();
  /** Links, and the directory each leads to. */
  readonly #leads = new Map<string, string>();

  has(path: string): boolean {
    return this.#kinds.has(path);
  }

  /** Paths of one kind, or all. */
  all(kind?: EntryKind): string[] {
    return [...this.#kinds].filter(([, is]) => kind === undefined || is === kind).map(([path]) => path);
  }

  /** The last header of a file or link. */
  header(path: string): LayerEntry | undefined {
    return this.#headers.get(path);
  }

  /** The directory that a link leads to, if that is still there. */
  behind(link: string): string | undefined {
    const directory = this.#leads.get(link);
    return directory === "" || this.#kinds.get(directory ?? "/") === "directory" ? directory : undefined;
  }

  lead(link: string, directory: string): void {
    this.#leads.set(link, directory);
  }

  /** A path is now what the entry says; whatever else was there is gone. */
  put(path: string, entry: LayerEntry): void {
    for (let up = parentOf(path); up !== "" && this.#kinds.get(up) !== "directory"; up = parentOf(up)) {
      this.forget(up);
      this.#kinds.set(up, "directory");
    }
    if (entry.kind !== "directory" || this.#kinds.get(path) !== "directory") this.forget(path);
    this.#kinds.set(path, entry.kind);
    this.#headers.set(path, entry);
  }

  forget(path: string): void {
    for (const known of this.#kinds.keys()) {
      if (known !== path && !below(known, path)) continue;
      this.#kinds.delete(known);
      this.#headers.delete(known);
      this.#leads.delete(known);
    }
  }
}
