import { lstatSync, readFileSync, writeFileSync } from "node:fs";
import type { ContentDigest } from "../digest.ts";
import type { Completed } from "./files.ts";
import type { RawPath } from "./names.ts";
import type { TarEntry } from "./tar-parser.ts";

/** One entry of a layer. For a file whose content is still in the tree: its path there (else empty), its inode and its SHA-256. */
export interface RecordedEntry extends TarEntry {
  readonly path: string;
  readonly ino: number;
  readonly sha256: string;
}

/**
 * What the layers put into a tree, entry by entry, without the content: enough to do it again for another image that
 * begins with the same layers, with files taken from the tree as long as they are what they were.
 */
export interface Inventory {
  /** Milliseconds: the times that directories had when the tree was complete. */
  readonly directories: ReadonlyMap<string, number>;
  readonly layers: readonly RecordedLayer[];
}

export interface RecordedLayer {
  readonly diffId: ContentDigest;
  readonly entries: readonly RecordedEntry[];
  /** The same as text. */
  readonly line: string;
}

type Row = [
  type: string,
  name: string,
  linkname: string,
  mode: number,
  uid: number,
  gid: number,
  size: number,
  mtime: number,
  path: string,
  ino: number,
  sha256: string,
  ...xattrs: string[],
];

interface Noted {
  readonly entry: TarEntry | RecordedEntry;
  path: string;
  ino: number;
  sha256: string;
}

/** Notes what an image's layers do while they are applied. Gives up, and holds nothing, beyond `most` entries. */
export class Recorder {
  readonly #most: number;
  readonly #layers: { diffId: ContentDigest; entries: Noted[]; again: string | undefined }[] = [];
  readonly #files = new Map<string, Noted>();
  #count = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get full(): boolean {
    return this.#count > this.#most;
  }

  /** A layer begins. `again`: it is this one of another inventory, whose entries are going to be noted. */
  layer(diffId: ContentDigest, again?: RecordedLayer): void {
    this.#layers.push({ diffId, entries: [], again: again?.line });
  }

  /** To be called for every entry, whatever becomes of it: the place in the layer counts. */
  entry(entry: TarEntry): void {
    this.#count += 1;
    if (this.full) {
      this.#layers.length = 0;
      this.#files.clear();
    }
    this.#layers.at(-1)?.entries.push({ entry, path: "", ino: 0, sha256: "" });
  }

  /** The entry noted last became a file. Its inode and content are to be told when they are known. */
  file(path: string): Completed {
    const noted = this.#layers.at(-1)?.entries.at(-1);
    if (noted === undefined) return () => undefined;
    noted.path = path;
    this.#files.set(path, noted);
    return (ino, sha256) => {
      noted.ino = ino;
      noted.sha256 = sha256;
    };
  }

  /** The content of a file has come later: that of the entry at this place of the layer. */
  content(layer: number, place: number, sha256: string): void {
    const noted = this.#layers[layer]?.entries[place];
    if (noted !== undefined) noted.sha256 = sha256;
  }

  /** Something at the path was removed. */
  gone(path: string): void {
    const noted = this.#files.get(path);
    if (noted === undefined) return;
    noted.path = "";
    this.#files.delete(path);
  }

  /** Writes the inventory of the complete tree: a line of JSON for its directories, then one for each layer. Not synced. */
  save(file: string, directories: Iterable<string>, pathOf: (path: string) => RawPath): void {
    if (this.full) return;
    const times = Object.fromEntries([...directories].map((path) => [path, lstatSync(pathOf(path)).mtimeMs]));
    const lines = this.#layers.map(({ diffId, entries, again }) =>
      again !== undefined && entries.every(isAsBefore) ? again : JSON.stringify([diffId, ...entries.map(rowOf)]),
    );
    writeFileSync(file, `${[JSON.stringify(times), ...lines].join("\n")}\n`, { mode: 0o600, flag: "wx" });
  }
}

/** True for an entry of another inventory that has come to what it says. */
const isAsBefore = ({ entry, path, ino, sha256 }: Noted): boolean =>
  "path" in entry && path === entry.path && ino === entry.ino && sha256 === entry.sha256;

function rowOf({ entry, path, ino, sha256 }: Noted): Row {
  const { type, name, linkname, mode, uid, gid, size, mtime, xattrs } = entry;
  return [type, name, linkname, mode, uid, gid, size, mtime, path, ino, sha256, ...xattrs];
}

/** The inventory in a file, its first `count` layers. Undefined when it is missing, damaged or shorter: it is only ever a short cut. */
export function readInventory(file: string, count: number): Inventory | undefined {
  try {
    return parseInventory(readFileSync(file, "utf8"), count);
  } catch {
    return undefined;
  }
}

/** The same of its text. */
export function parseInventory(text: string, count: number): Inventory | undefined {
  try {
    const [times, ...lines] = text.split("\n", count + 1);
    if (times === undefined || lines.length < count) return undefined;
    const layers = lines.map((line) => {
      const [diffId, ...rows] = JSON.parse(line) as [ContentDigest, ...Row[]];
      return { diffId, entries: rows.map(entryOf), line };
    });
    return { directories: new Map(Object.entries(JSON.parse(times) as Record<string, number>)), layers };
  } catch {
    return undefined;
  }
}

function entryOf([
  type,
  name,
  linkname,
  mode,
  uid,
  gid,
  size,
  mtime,
  path,
  ino,
  sha256,
  ...xattrs
]: Row): RecordedEntry {
  return { type, name, linkname, mode, uid, gid, size, mtime, path, ino, sha256, xattrs };
}
