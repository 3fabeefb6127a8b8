import { lstatSync, readFileSync } from "node:fs";
import type { ContentDigest } from "../digest.ts";
import type { FileRecord } from "./file-record.ts";
import { LateMap } from "./late-map.ts";
import type { RawPath } from "./names.ts";
import type { TarEntry } from "./tar-parser.ts";
import type { Lines } from "./write-behind.ts";

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

interface NotedLayer {
  readonly diffId: ContentDigest;
  readonly entries: TarEntry[];
  /** The file that an entry became, at the same place. */
  readonly files: (FileRecord | undefined)[];
  readonly again: RecordedLayer | undefined;
}

/** Notes what an image's layers do while they are applied. Gives up, and holds nothing, beyond `most` entries. */
export class Recorder {
  readonly #most: number;
  readonly #layers: NotedLayer[] = [];
  readonly #files = new LateMap<string, FileRecord>();
  #count = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get full(): boolean {
    return this.#count > this.#most;
  }

  /** A layer begins. `again`: it is this one of another inventory, whose entries are going to be noted. */
  layer(diffId: ContentDigest, again?: RecordedLayer): void {
    this.#layers.push({ diffId, entries: [], files: [], again });
  }

  /** To be called for every entry, whatever becomes of it: the place in the layer counts. */
  entry(entry: TarEntry): void {
    this.#count += 1;
    if (this.full) {
      this.#layers.length = 0;
      this.#files.clear();
    }
    const layer = this.#layers.at(-1);
    layer?.entries.push(entry);
    layer?.files.push(undefined);
  }

  /** The entry noted last became this file. */
  file(record: FileRecord): void {
    const files = this.#layers.at(-1)?.files;
    if (files === undefined) return;
    files[files.length - 1] = record;
    this.back(record);
  }

  /** A file that is noted is at its path again. */
  back(record: FileRecord): void {
    this.#files.add(record.path, record);
  }

  /** Something at the path was removed. */
  gone(path: string): void {
    const record = this.#files.get(path);
    if (record === undefined) return;
    record.path = "";
    this.#files.delete(path);
  }

  /**
   * Looks at every file: what is not at its path any more, because the volume took that for another one, is gone. Of two that are one file by
   * now the later is there: a new file often gets the inode of the one that made way.
   */
  recount(factsOf: (path: string) => { readonly ino: number } | undefined): void {
    const found = new Map<number, FileRecord>();
    for (const record of this.#layers.flatMap(({ files }) => files)) {
      if (record === undefined || record.path === "") continue;
      const there = factsOf(record.path)?.ino === record.ino;
      const before = there ? found.get(record.ino) : record;
      if (before !== undefined) before.path = "";
      if (there) found.set(record.ino, record);
    }
  }

  /** The inventory of the complete tree: a line of JSON for its directories, then one for each layer. Undefined when it gave up. */
  lines(directories: Iterable<string>, pathOf: (path: string) => RawPath): Lines | undefined {
    if (this.full) return undefined;
    return (tell) => {
      const times = [...directories].map((path) => [path, lstatSync(pathOf(path)).mtimeMs] as const);
      tell(JSON.stringify(Object.fromEntries(times)));
      for (const layer of this.#layers) tell(lineAsBefore(layer) ?? newLine(layer));
      // Nothing follows: a line that was cut short is no layer.
      tell("");
    };
  }
}

const newLine = ({ diffId, entries, files }: NotedLayer): string =>
  JSON.stringify([diffId, ...entries.map((entry, place) => rowOf(entry, files[place]))]);

/** The line of another inventory, for a layer whose entries have all come to what it says. */
function lineAsBefore({ again, files }: NotedLayer): string | undefined {
  const same = again?.entries.every(({ path, ino, sha256 }, place) => {
    const file = files[place];
    if (path === "") return file === undefined || file.path === "";
    return file?.path === path && file.ino === ino && file.sha256 === sha256;
  });
  return same === true ? again?.line : undefined;
}

function rowOf(entry: TarEntry, file: FileRecord | undefined): Row {
  const { type, name, linkname, mode, uid, gid, size, mtime, xattrs } = entry;
  const { path, ino, sha256 } = file ?? NO_FILE;
  return [type, name, linkname, mode, uid, gid, size, mtime, path, ino, sha256, ...xattrs];
}

const NO_FILE = { path: "", ino: 0, sha256: "" };

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

/** By place: to take a row apart as a sequence costs more than all the rest. */
function entryOf(row: Row): RecordedEntry {
  return {
    type: row[0],
    name: row[1],
    linkname: row[2],
    mode: row[3],
    uid: row[4],
    gid: row[5],
    size: row[6],
    mtime: row[7],
    path: row[8],
    ino: row[9],
    sha256: row[10],
    xattrs: row.length === NO_ATTRIBUTES ? NONE : row.slice(NO_ATTRIBUTES).map(String),
  };
}

/** Fields of a row without extended attributes. */
const NO_ATTRIBUTES = 11;
const NONE: readonly string[] = [];
