import { closeSync, constants, lstatSync, openSync, readSync } from "node:fs";
import type { Limits } from "../limits.ts";
import { newImageState, NOTHING_WANTED } from "./image-state.ts";
import { readInventory } from "./inventory.ts";
import { type LayerInput, streamLayer } from "./layer.ts";
import { looksLike } from "./looks.ts";
import type { TarSink } from "./tar-parser.ts";
import { toLayerError } from "./faults.ts";

/** A file of a tree that is not what its layer made it. `content`: its looks are right and its bytes are not. */
export interface Difference {
  /** Relative to the tree, one latin1 character a byte. */
  readonly path: string;
  readonly what: "missing" | "looks" | "content";
}

export interface Comparison {
  readonly files: number;
  readonly differences: readonly Difference[];
  /** Layers whose bytes are not there: of their files only the looks were compared. */
  readonly layersWithoutBytes: number;
}

/**
 * Compares every file of a tree that its layers left there with its inventory and with the layers themselves; files that the app added
 * are nobody's business. Changes nothing. Undefined without a usable inventory. Rejects when a layer is not what its diff_id says.
 */
export async function compareTree(
  root: string,
  inventory: string,
  layers: readonly (LayerInput | undefined)[],
  { limits, owners }: { readonly limits: Limits; readonly owners: boolean },
): Promise<Comparison | undefined> {
  const recorded = readInventory(inventory, layers.length);
  if (recorded === undefined) return undefined;
  const image = newImageState(root, limits, owners, NOTHING_WANTED);
  const differences: Difference[] = [];
  let files = 0;
  for (const [index, { entries }] of recorded.layers.entries()) {
    const same = new Map<number, string>();
    for (const [place, entry] of entries.entries()) {
      if (entry.path === "") continue;
      files += 1;
      const stat = lstatSync(image.tree.pathOf(entry.path), { throwIfNoEntry: false });
      const isFile = stat?.isFile() === true;
      if (isFile && stat.size === entry.size && looksLike(stat, entry, image.ownership)) same.set(place, entry.path);
      else differences.push({ path: entry.path, what: isFile ? "looks" : "missing" });
    }
    const layer = layers[index];
    if (layer === undefined) continue;
    const comparer = new Comparer((path) => openSync(image.tree.pathOf(path), READ), same);
    try {
      await streamLayer(image, layer, comparer, () => undefined);
    } catch (error) {
      throw toLayerError(error, layer.digest, undefined);
    } finally {
      comparer.close();
    }
    for (const path of comparer.different) differences.push({ path, what: "content" });
  }
  return { files, differences, layersWithoutBytes: layers.filter((layer) => layer === undefined).length };
}

const READ = constants.O_RDONLY | constants.O_NOFOLLOW;

/** Holds the content of entries against files. */
class Comparer implements TarSink {
  readonly different: string[] = [];
  readonly #open: (path: string) => number;
  readonly #paths: ReadonlyMap<number, string>;
  #place = -1;
  #fd: number | undefined;
  #same = true;

  constructor(open: (path: string) => number, paths: ReadonlyMap<number, string>) {
    this.#open = open;
    this.#paths = paths;
  }

  entry(): void {
    this.#place += 1;
    const path = this.#paths.get(this.#place);
    this.#same = true;
    if (path !== undefined) this.#fd = this.#open(path);
  }

  data(piece: Buffer): void {
    if (this.#fd === undefined || !this.#same) return;
    const there = Buffer.alloc(piece.length);
    let filled = 0;
    for (let got = -1; got !== 0 && filled < there.length; filled += got)
      got = readSync(this.#fd, there, filled, there.length - filled, null);
    this.#same = filled === there.length && there.equals(piece);
  }

  end(): void {
    const path = this.#paths.get(this.#place);
    if (path !== undefined && !this.#same) this.different.push(path);
    this.close();
  }

  global(): void {
    // It changes no entry.
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}
