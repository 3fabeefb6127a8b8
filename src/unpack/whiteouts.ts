import type { DirectoryFacts } from "./metadata.ts";
import { join, parentOf } from "./names.ts";
import type { Rootfs } from "./rootfs.ts";

const PREFIX = ".wh.";
const OPAQUE = ".wh..wh..opq";

/** Where AUFS kept the targets of hard links; never a part of the image (rule A19). */
export const AUFS_LINKS = ".wh..wh.plnk";

export type Whiteout =
  | { readonly kind: "none" | "opaque" | "ignored" | "invalid" }
  | { readonly kind: "hide"; readonly name: string };

/** What the last component of a name asks for (image-spec, layer.md, "Whiteouts"; rules A13, A17 and A19). */
export function whiteoutOf(last: string): Whiteout {
  if (!last.startsWith(PREFIX)) return { kind: "none" };
  if (last === OPAQUE) return { kind: "opaque" };
  if (last.startsWith(".wh..wh.")) return { kind: "ignored" };
  const name = last.slice(PREFIX.length);
  return name === "" || name === "." || name === ".." ? { kind: "invalid" } : { kind: "hide", name };
}

/**
 * Knows what the layer at hand has put into the tree, so that its whiteouts remove what lower layers left and nothing else, in
 * whatever order they come (rules A16 and A17). A directory is fresh once it was made or cleared in this layer: nothing of a
 * lower layer is below it, so nothing below it is recorded or ever searched again (rule A18: linear time).
 */
export class UpperLayer {
  readonly #tree: Rootfs;
  readonly #impliedFacts: DirectoryFacts;
  /** Path -> has an entry of its own; false: only something below it has. */
  readonly #paths = new Map<string, boolean>();
  readonly #fresh = new Set<string>();

  /** `bottom`: there is no lower layer. */
  constructor(tree: Rootfs, impliedFacts: DirectoryFacts, bottom: boolean) {
    this.#tree = tree;
    this.#impliedFacts = impliedFacts;
    if (bottom) this.#fresh.add("");
  }

  /** True when this layer has an entry for the path, as far as that is known. */
  has(path: string): boolean {
    return this.#paths.get(path) === true || this.#isFresh(parentOf(path));
  }

  /** Records an entry. `newDirectory`: it is a directory that this layer made. */
  add(path: string, newDirectory: boolean): void {
    this.#record(path, true, newDirectory);
  }

  /** Records a directory that was made because something lies below it. */
  implied(path: string): void {
    this.#record(path, false, true);
  }

  #record(path: string, own: boolean, newDirectory: boolean): void {
    if (path === "") return;
    const fresh = this.#freshAt(parentOf(path));
    if (fresh !== undefined) return this.#mention(fresh);
    if (newDirectory) this.#fresh.add(path);
    this.#paths.set(path, own || this.#paths.get(path) === true);
    this.#mention(parentOf(path));
  }

  /** A directory holds something of this layer: a whiteout of it, or of one above, must not take that away. */
  #mention(directory: string): void {
    for (let up = directory; up !== "" && !this.#paths.has(up); up = parentOf(up)) this.#paths.set(up, false);
  }

  /** Applies a whiteout: removes what lower layers have at the path. */
  hide(path: string): void {
    if (this.#isFresh(parentOf(path))) return;
    if (this.#paths.has(path)) this.#reduce(path, this.#tree.kind(path) === "directory");
    else this.#tree.remove(path);
  }

  /** Applies an opaque whiteout: removes what lower layers have below the directory. */
  clear(path: string): void {
    if (this.#isFresh(path)) return;
    for (const [name, directory] of this.#tree.children(path)) {
      const child = join(path, name);
      if (this.#paths.has(child)) this.#reduce(child, directory);
      else this.#tree.remove(child);
    }
    this.#fresh.add(path);
  }

  /** Leaves of something in this layer only what this layer put there; a directory without entry loses the looks of the hidden one. */
  #reduce(path: string, directory: boolean): void {
    if (!directory) return;
    this.clear(path);
    if (this.#paths.get(path) === false) this.#tree.directories.set(path, this.#impliedFacts);
  }

  #isFresh(path: string): boolean {
    return this.#freshAt(path) !== undefined;
  }

  /** The fresh directory that the path is or is below. */
  #freshAt(path: string): string | undefined {
    if (this.#fresh.has("")) return "";
    for (let at = path; at !== ""; at = parentOf(at)) if (this.#fresh.has(at)) return at;
    return undefined;
  }
}
