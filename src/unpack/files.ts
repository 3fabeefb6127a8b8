import { closeSync } from "node:fs";
import { DockerloaderError } from "../errors.ts";
import { ContentHash } from "./content-hash.ts";
import { toVolumeError } from "./faults.ts";
import { complete, type FileRecord, type FileRecords } from "./file-record.ts";
import type { RecordedEntry } from "./inventory.ts";
import { dressOpen } from "./looks.ts";
import { contentOf, MADE, writeAll, writeFileOrder, writeLinkOrder } from "./orders.ts";
import type { Ownership } from "./ownership.ts";
import { RingGiver, type Settlement } from "./ring.ts";
import { newRingMemory, type RingMemory } from "./ring-memory.ts";
import type { Rootfs } from "./rootfs.ts";
import { shown } from "./shown.ts";
import type { TarEntry } from "./tar-parser.ts";
import type { Warnings } from "./warnings.ts";

/** Starts a thread that does the orders in the memory (`doOrder`). It ends with the thread that called. */
export type Helper = (memory: RingMemory, hashes: boolean) => void;

/** Files after which a helper pays: its start costs as much as some hundred of them. */
const ALONE = 256;
/** Bytes of a file beyond which handing it over costs more than it saves: then the kernel's work is not what takes the time. */
const LARGE_BYTES = 64 * 1024;

/** The file at hand; `fd` is undefined while the helper is going to make it. */
interface Open {
  readonly fd: number | undefined;
  readonly path: string;
  /** The path for a system call, latin1. */
  readonly full: string;
  readonly entry: TarEntry;
  readonly record: FileRecord;
}

/** An order that is not settled. */
interface Given {
  readonly path: string;
  readonly full: string;
  readonly entry: TarEntry;
  readonly record: FileRecord;
  readonly link: LinkOrder | undefined;
}

interface LinkOrder {
  readonly source: string;
  readonly entry: RecordedEntry;
  readonly refused: (record: FileRecord) => void;
}

/** Where files are made, and who has to know. */
export interface FileSite {
  readonly tree: Rootfs;
  readonly ownership: Ownership;
  readonly warnings: Warnings;
  readonly records: FileRecords;
}

const NOTHING = Buffer.alloc(0);

/**
 * Makes the files of a tree. For an image of many files a helper thread makes small ones beside the calling thread: whoever is
 * free makes the next one, so that the kernel's work divides evenly. The helper is only ever given paths at which nothing is, and before
 * anything else looks at such a path it is there (`due`): what a layer does keeps its order.
 */
export class FileMaker {
  readonly #tree: Rootfs;
  readonly #ownership: Ownership;
  readonly #warnings: Warnings;
  readonly #records: FileRecords;
  readonly #helper: Helper | undefined;
  readonly #hash: ContentHash | undefined;
  #ring: RingGiver | undefined;
  #files = 0;
  readonly #given: Given[] = [];
  /** The paths of what is given. */
  readonly #paths = new Set<string>();
  /** What is settled is being worked through: nothing is given meanwhile. */
  #settling = false;
  #open: Open | undefined;

  /** `hashes`: content is wanted by its hash. */
  constructor({ tree, ownership, warnings, records }: FileSite, hashes: boolean, helper: Helper | undefined) {
    this.#tree = tree;
    this.#ownership = ownership;
    this.#warnings = warnings;
    this.#records = records;
    this.#helper = helper;
    this.#hash = hashes ? new ContentHash() : undefined;
  }

  /** Starts the helper, if there is one: many files are to come. Idempotent. */
  prepare(): void {
    if (this.#ring !== undefined || this.#helper === undefined) return;
    const memory = newRingMemory();
    this.#ring = new RingGiver(memory, (done) => this.#finished(done));
    this.#helper(memory, this.#hash !== undefined);
  }

  /** Begins a file. What is in its place makes way. `known`: its record, when it is not to get a new one. */
  begin(path: string, entry: TarEntry, known?: FileRecord): FileRecord {
    const full = this.#tree.fullPath(path);
    const ring = entry.size <= LARGE_BYTES ? this.#ringFor(path, full.length + entry.size) : undefined;
    const fd = ring === undefined ? this.#tree.file(path, entry.mode & 0o777) : undefined;
    ring?.putText(full);
    const record = known ?? this.#records.note(path, entry.mode);
    this.#open = { fd, path, full, entry, record };
    return record;
  }

  /** Content of the file begun last. False when there is none to take it. */
  data(piece: Buffer): boolean {
    const open = this.#open;
    if (open === undefined) return false;
    if (open.fd === undefined) this.#ring?.put(piece);
    else {
      writeAll(open.fd, piece);
      this.#hash?.add(piece, false);
    }
    return true;
  }

  /** The file begun last has all its content. */
  end(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return;
    if (open.fd === undefined) return this.#order(open);
    try {
      const ino = dressOpen(open.fd, open.entry, this.#ownership);
      complete(open.record, ino, this.#hash?.add(NOTHING, true) ?? "");
    } finally {
      closeSync(open.fd);
    }
  }

  /**
   * Has one more name made, in this tree, for the file of an entry in another one; it may be `refused` later on. False when the
   * calling thread had better make it.
   */
  link(source: string, path: string, entry: RecordedEntry, refused: LinkOrder["refused"]): boolean {
    const full = this.#tree.fullPath(path);
    const ring = this.#ringFor(path, source.length + full.length);
    if (ring === undefined) return false;
    ring.putText(source);
    ring.putText(full);
    writeLinkOrder(ring.numbers, ring.order(), [source, full], entry);
    const record = this.#records.note(path, entry.mode);
    this.#give({ path, full, entry, record, link: { source, entry, refused } });
    return true;
  }

  /** Returns when what is given for a path is there; without a path: all that is given. To be called before anybody looks. */
  due(path?: string): void {
    if (this.#paths.size === 0 || this.#settling) return;
    if (path === undefined || this.#paths.has(path)) this.settle();
  }

  /** Returns when every file that has ended is complete. */
  settle(): void {
    if (this.#ring !== undefined) this.#attributed(this.#ring, (ring) => ring.settle());
  }

  /** Lets go of the file at hand, if there is one, and of nothing else. */
  drop(): void {
    if (this.#open?.fd !== undefined) closeSync(this.#open.fd);
    this.#open = undefined;
  }

  /** Ends the helper: once this returns it makes nothing any more. */
  close(): void {
    this.#ring?.close();
  }

  /** The ring, when the helper is to make what comes to a path: it is there, has room, and nothing is in the way. */
  #ringFor(path: string, bytes: number): RingGiver | undefined {
    if (this.#settling) return undefined;
    this.#files += 1;
    if (this.#files >= ALONE) this.prepare();
    const ring = this.#ring;
    if (ring?.served !== true) return undefined;
    if (!this.#attributed(ring, () => ring.room(bytes))) return undefined;
    return this.#tree.claim(path) ? ring : undefined;
  }

  #order({ path, full, entry, record }: Open): void {
    if (this.#ring !== undefined) writeFileOrder(this.#ring.numbers, this.#ring.order(), full, entry);
    this.#give({ path, full, entry, record, link: undefined });
  }

  #give(given: Given): void {
    this.#paths.add(given.path);
    this.#given.push(given);
  }

  /** A fault of the helper names the file it is about: the one at hand is another by now. */
  #attributed<T>(ring: RingGiver, step: (ring: RingGiver) => T): T {
    this.#settling = true;
    try {
      return step(ring);
    } catch (error) {
      throw error instanceof DockerloaderError ? error : ofEntry(error, this.#given[ring.faultAt]);
    } finally {
      this.#settling = false;
    }
  }

  #finished(done: Settlement): void {
    const given = this.#given.shift();
    if (given === undefined) return;
    this.#paths.delete(given.path);
    if (done.outcome === MADE) return this.#made(given, done);
    try {
      this.#refused(given, done);
    } catch (error) {
      throw ofEntry(error, given);
    }
  }

  #made({ path, entry, record, link }: Given, done: Settlement): void {
    if (link !== undefined) {
      this.#tree.noteAdopted(link.source, path, link.entry.ino);
      return complete(record, link.entry.ino, link.entry.sha256);
    }
    if (done.ownerRefused) this.#warnings.add("owner", entry.name);
    complete(record, done.ino, this.#hash === undefined ? "" : done.sha256);
  }

  /** What the helper did not make is made here; what was in its place took its record away with it. */
  #refused({ path, full, entry, record, link }: Given, done: Settlement): void {
    if (link !== undefined) link.refused(record);
    else {
      this.begin(path, entry, record);
      this.data(contentOf(full, done.bytes));
      this.end();
    }
    if (record.path !== path) this.#records.regain(record, path);
  }
}

const ofEntry = (error: unknown, given: Given | undefined): DockerloaderError =>
  toVolumeError(error, given === undefined ? "a file" : `entry "${shown(given.entry.name)}"`);
