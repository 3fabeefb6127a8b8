import { chmodSync, closeSync, constants, fchmodSync, futimesSync, openSync } from "node:fs";
import { ContentHash } from "./content-hash.ts";
import type { FileRecord } from "./file-record.ts";
import { writeAll } from "./orders.ts";
import type { Rootfs } from "./rootfs.ts";
import type { TarSink } from "./tar-parser.ts";

/** One object for all names of a file. */
interface Hole {
  readonly layer: number;
  /** The place in the layer, from 0, of the entry with its content. */
  readonly place: number;
  readonly record: FileRecord;
}

/** Files of reused layers that stand empty in their place, because the tree at hand could not give their content. */
export class Holes {
  readonly #byPath = new Map<string, Hole>();

  /** `place`: that of its entry in the layer, from 0. */
  add(path: string, record: FileRecord, layer: number, place: number): void {
    this.#byPath.set(path, { layer, place, record });
  }

  /** A file got one more name. */
  linked(existing: string, path: string): void {
    const hole = this.#byPath.get(existing);
    if (hole !== undefined) this.#byPath.set(path, hole);
  }

  /** In place of one more name there is a file of its own, as empty as the other one. */
  copied(existing: string, path: string, record: FileRecord): void {
    const hole = this.#byPath.get(existing);
    if (hole !== undefined) this.#byPath.set(path, { ...hole, record });
  }

  /** A name was removed. A file that has no name left needs no content. */
  gone(path: string): void {
    this.#byPath.delete(path);
  }

  /** The layers that have to be read again, lowest first. */
  layers(): number[] {
    return [...new Set([...this.#byPath.values()].map(({ layer }) => layer))].sort((a, b) => a - b);
  }

  /** Place in the layer -> the files to fill with what is there, each by one of its names. */
  of(layer: number): Map<number, Fillable[]> {
    const nameOf = new Map([...this.#byPath].map(([path, hole]) => [hole, path]));
    const found = [...nameOf].filter(([hole]) => hole.layer === layer);
    return Map.groupBy(
      found.map(([{ place, record }, path]) => ({ place, path, record })),
      ({ place }) => place,
    );
  }
}

/** A file that is being filled, and what it is to look like again. */
interface Open {
  readonly record: FileRecord;
  readonly fd: number;
  readonly mode: number;
  readonly mtime: number;
}

export interface Fillable {
  readonly path: string;
  readonly record: FileRecord;
}

/** Reads a layer and writes the content that holes lack; everything else passes by. `close` is due whatever happens. */
export class HoleFiller implements TarSink {
  readonly #tree: Rootfs;
  readonly #files: ReadonlyMap<number, readonly Fillable[]>;
  readonly #hash = new ContentHash();
  #place = -1;
  #open: Open[] = [];

  /** `files`: those to fill, by the place of their entry in the layer. */
  constructor(tree: Rootfs, files: ReadonlyMap<number, readonly Fillable[]>) {
    this.#tree = tree;
    this.#files = files;
  }

  entry(): void {
    this.#place += 1;
    for (const { path, record } of this.#files.get(this.#place) ?? []) {
      const stat = this.#tree.factsOf(path);
      // A volume may have taken the path for another one: what is there then is whole, and may be a file of another version.
      if (stat?.ino !== record.ino) continue;
      const raw = this.#tree.pathOf(path);
      chmodSync(raw, 0o600);
      const fd = openSync(raw, constants.O_WRONLY | constants.O_NOFOLLOW);
      this.#open.push({ record, fd, mode: stat.mode & 0o7777, mtime: stat.mtimeMs / 1000 });
    }
  }

  data(piece: Buffer): void {
    if (this.#open.length === 0) return;
    for (const { fd } of this.#open) writeAll(fd, piece);
    this.#hash.add(piece, false);
  }

  end(): void {
    if (this.#open.length === 0) return;
    const sha256 = this.#hash.add(Buffer.alloc(0), true);
    for (const { record, fd, mode, mtime } of this.#open) {
      fchmodSync(fd, mode);
      futimesSync(fd, mtime, mtime);
      record.sha256 = sha256;
    }
    this.close();
  }

  global(): void {
    // It changes no entry.
  }

  close(): void {
    for (const { fd } of this.#open) closeSync(fd);
    this.#open = [];
  }
}
