import { closeSync, writeSync } from "node:fs";
import { ContentHash } from "./content-hash.ts";
import { toVolumeError } from "./faults.ts";
import { dressOpen } from "./looks.ts";
import type { Ownership } from "./ownership.ts";
import { type Done, newRingMemory, type Order, RingGiver, type RingMemory } from "./ring.ts";
import { shown } from "./shown.ts";
import type { TarEntry } from "./tar-parser.ts";
import type { Warnings } from "./warnings.ts";

/** Starts a thread that serves the memory with `writeOrder`. It ends with the thread that called. */
export type Helper = (memory: RingMemory, hashes: boolean) => void;

/** Files after which a helper pays: its start costs as much as some hundred of them. */
const ALONE = 256;
/** Bytes of a file beyond which handing it over costs more than it saves: then the kernel's work is not what takes the time. */
const LARGE_BYTES = 64 * 1024;

/** Told once a file is complete: its inode, and its SHA-256 when hashes are wanted (else empty). */
export type Completed = (ino: number, sha256: string) => void;

const NOTHING = Buffer.alloc(0);

interface Open {
  readonly fd: number;
  readonly entry: TarEntry;
  readonly done: Completed;
}

/**
 * Writes the content of new files and gives them their looks. For an image of many files a helper thread does both for the
 * small ones while the calling thread reads on and opens the next files: the kernel's work for a file divides about evenly so. Only the calling
 * thread opens and closes descriptors, and only it changes names: what a layer does keeps its order.
 */
export class FileWriter {
  readonly #ownership: Ownership;
  readonly #warnings: Warnings;
  readonly #helper: Helper | undefined;
  readonly #hash: ContentHash | undefined;
  #ring: RingGiver | undefined;
  #files = 0;
  /** What the orders that are not settled are for. */
  readonly #given: { readonly open: Open; readonly last: boolean }[] = [];
  #open: Open | undefined;
  #shared = false;
  #pending = 0;

  /** `hashes`: content is wanted by its hash. */
  constructor(ownership: Ownership, warnings: Warnings, hashes: boolean, helper: Helper | undefined) {
    this.#ownership = ownership;
    this.#warnings = warnings;
    this.#helper = helper;
    this.#hash = hashes ? new ContentHash() : undefined;
  }

  /** Takes over a new file, open for writing. */
  begin(fd: number, entry: TarEntry, done: Completed): void {
    this.#open = { fd, entry, done };
    this.#shared = entry.size <= LARGE_BYTES && this.#ring?.served === true;
    this.#files += 1;
    if (this.#ring === undefined && this.#helper !== undefined) this.#consider(this.#helper);
  }

  #consider(helper: Helper): void {
    if (this.#files < ALONE) return;
    const memory = newRingMemory();
    this.#ring = new RingGiver(memory, (done) => this.#finished(done));
    helper(memory, this.#hash !== undefined);
  }

  /** Content of the file begun last. False when there is none to take it. */
  data(piece: Buffer): boolean {
    const open = this.#open;
    if (open === undefined) return false;
    if (this.#shared && this.#ring !== undefined) this.#share(this.#ring, open, piece);
    else {
      writeAll(open.fd, piece);
      this.#hash?.add(piece, false);
    }
    return true;
  }

  #share(ring: RingGiver, open: Open, piece: Buffer): void {
    for (let rest = piece; rest.length > 0;) {
      const used = ring.put(rest);
      this.#pending += used;
      rest = rest.subarray(used);
      if (ring.full) this.#order(ring, open, false);
    }
  }

  /** The file begun last has all its content. */
  end(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return;
    if (this.#shared && this.#ring !== undefined) return this.#order(this.#ring, open, true);
    try {
      const ino = dressOpen(open.fd, open.entry, this.#ownership);
      open.done(ino, this.#hash?.add(NOTHING, true) ?? "");
    } finally {
      closeSync(open.fd);
    }
  }

  /** Returns when every file that has ended is complete: to be called before anybody looks at one. */
  settle(): void {
    if (this.#ring !== undefined) this.#attributed(this.#ring, (ring) => ring.settle());
  }

  /** Lets go of the file at hand, if there is one, and of nothing else. */
  drop(): void {
    if (this.#open !== undefined) closeSync(this.#open.fd);
    this.#open = undefined;
  }

  /** Ends the helper. */
  close(): void {
    this.#ring?.close();
  }

  #order(ring: RingGiver, open: Open, last: boolean): void {
    const { mode, uid, gid, mtime } = open.entry;
    const order = { fd: open.fd, bytes: this.#pending, last, mode, uid, gid, mtime };
    this.#given.push({ open, last });
    this.#pending = 0;
    this.#attributed(ring, () => ring.order(order));
  }

  /** A fault of the helper names the file it is about: the one at hand is another by now. */
  #attributed(ring: RingGiver, step: (ring: RingGiver) => void): void {
    try {
      step(ring);
    } catch (error) {
      const { open } = this.#given[ring.faultAt] ?? {};
      throw toVolumeError(error, open === undefined ? "a file" : `entry "${shown(open.entry.name)}"`);
    }
  }

  #finished({ ino, ownerRefused, sha256 }: Done): void {
    const { open, last } = this.#given.shift() ?? {};
    if (open === undefined || last !== true) return;
    closeSync(open.fd);
    if (ownerRefused) this.#warnings.add("owner", open.entry.name);
    open.done(ino, this.#hash === undefined ? "" : sha256);
  }
}

/** What the helper does with an order. */
export function writeOrder({ fd, last, ...looks }: Order, data: Uint8Array, ownership: Ownership): number {
  writeAll(fd, data);
  return last ? dressOpen(fd, { name: "", ...looks }, ownership) : 0;
}

function writeAll(fd: number, piece: Uint8Array): void {
  for (let done = 0; done < piece.length;) done += writeSync(fd, piece, done);
}
