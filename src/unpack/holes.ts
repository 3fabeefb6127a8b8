import { chmodSync, closeSync, constants, fchmodSync, futimesSync, lstatSync, openSync, writeSync } from "node:fs";
import { ContentHash } from "./content-hash.ts";
import type { FileRecord } from "./file-record.ts";
import type { Rootfs } from "./rootfs.ts";
import type { TarSink } from "./tar-parser.ts";

interface Hole {
  readonly layer: number;
  /** The place of its entry in the layer, from 0. */
  readonly place: number;
  readonly record: FileRecord;
  /** Every name of the file. */
  readonly paths: Set<string>;
}

/** Files of reused layers that stand empty in their place, because the tree at hand could not give their content. */
export class Holes {
  readonly #byPath = new Map<string, Hole>();

  /** `place`: that of its entry in the layer, from 0. */
  add(path: string, record: FileRecord, layer: number, place: number): void {
    this.#byPath.set(path, { layer, place, record, paths: new Set([path]) });
  }

  /** A file got one more name. */
  linked(existing: string, path: string): void {
    const hole = this.#byPath.get(existing);
    if (hole === undefined) return;
    hole.paths.add(path);
    this.#byPath.set(path, hole);
  }

  /** A name was removed. A file that has no name left needs no content. */
  gone(path: string): void {
    this.#byPath.get(path)?.paths.delete(path);
    this.#byPath.delete(path);
  }

  /** The layers that have to be read again, lowest first. */
  layers(): number[] {
    return [...new Set([...this.#byPath.values()].map(({ layer }) => layer))].sort((a, b) => a - b);
  }

  /** Place in the layer -> a file to fill, by one of its names. */
  of(layer: number): Map<number, Fillable> {
    const found = [...this.#byPath].filter(([, hole]) => hole.layer === layer);
    return new Map(found.map(([path, { place, record }]) => [place, { path, record }]));
  }
}

export interface Fillable {
  readonly path: string;
  readonly record: FileRecord;
}

/** Reads a layer and writes the content that holes lack; everything else passes by. `close` is due whatever happens. */
export class HoleFiller implements TarSink {
  readonly #tree: Rootfs;
  readonly #files: ReadonlyMap<number, Fillable>;
  readonly #hash = new ContentHash();
  #place = -1;
  #open:
    | { readonly record: FileRecord; readonly fd: number; readonly mode: number; readonly mtime: number }
    | undefined;

  /** `files`: those to fill, by the place of their entry in the layer. */
  constructor(tree: Rootfs, files: ReadonlyMap<number, Fillable>) {
    this.#tree = tree;
    this.#files = files;
  }

  entry(): void {
    this.#place += 1;
    const file = this.#files.get(this.#place);
    if (file === undefined) return;
    const raw = this.#tree.pathOf(file.path);
    const { mode, mtimeMs } = lstatSync(raw);
    chmodSync(raw, 0o600);
    const fd = openSync(raw, constants.O_WRONLY | constants.O_NOFOLLOW);
    this.#open = { record: file.record, fd, mode: mode & 0o7777, mtime: mtimeMs / 1000 };
  }

  data(piece: Buffer): void {
    const fd = this.#open?.fd;
    if (fd === undefined) return;
    for (let done = 0; done < piece.length;) done += writeSync(fd, piece, done);
    this.#hash.add(piece, false);
  }

  end(): void {
    if (this.#open === undefined) return;
    const { record, fd, mode, mtime } = this.#open;
    fchmodSync(fd, mode);
    futimesSync(fd, mtime, mtime);
    record.sha256 = this.#hash.add(Buffer.alloc(0), true);
    this.close();
  }

  global(): void {
    // It changes no entry.
  }

  close(): void {
    if (this.#open !== undefined) closeSync(this.#open.fd);
    this.#open = undefined;
  }
}
