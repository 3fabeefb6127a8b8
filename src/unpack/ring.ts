/**
 * Work handed from one thread to another through shared memory, in slots that go round: each holds orders (rows of
 * numbers) and the bytes that go with them. One thread gives, one does; both may sleep, neither needs an event loop.
 */
const SLOTS = 8;
/** Orders of a slot: with all slots in flight this many descriptors are open, far below any limit of a process. */
const SLOT_ORDERS = 32;
const SLOT_BYTES = 256 * 1024;
const FAULT_BYTES = 1024;
const ORDER_FIELDS = 7;
const RESULT_FIELDS = 2;
const DIGEST_BYTES = 32;

/** A piece of a file, and with the last piece what the file is to look like. */
export interface Order {
  readonly fd: number;
  /** Bytes of this piece. */
  readonly bytes: number;
  readonly last: boolean;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
}

/** What came of an order that was a last piece. */
export interface Done {
  readonly ino: number;
  /** SHA-256 of the content, in lower-case hexadecimal. Not of use when it was not asked for. */
  readonly sha256: string;
  /** The owner could not be restored. */
  readonly ownerRefused: boolean;
}

/** The memory itself: what is passed to the other thread. */
export interface RingMemory {
  readonly control: Int32Array<SharedArrayBuffer>;
  readonly counts: Int32Array<SharedArrayBuffer>;
  readonly orders: Float64Array<SharedArrayBuffer>;
  readonly results: Float64Array<SharedArrayBuffer>;
  readonly digests: Uint8Array<SharedArrayBuffer>;
  readonly data: Uint8Array<SharedArrayBuffer>;
  readonly fault: Uint8Array<SharedArrayBuffer>;
}

/** Cells of the control memory: slots given, slots done (or FAULT), and whether the other thread is there; what it is at. */
const GIVEN = 0;
const DONE = 1;
const SERVED = 2;
const AT_SLOT = 3;
const AT_ORDER = 4;
/** In place of a number of slots: the giving side has closed, the doing side has failed. */
const CLOSED = -1;
const FAULT = -1;

export function newRingMemory(): RingMemory {
  const int32 = (length: number) => new Int32Array(new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT));
  const float64 = (length: number) => new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT));
  const bytes = (length: number) => new Uint8Array(new SharedArrayBuffer(length));
  return {
    control: int32(5),
    counts: int32(SLOTS),
    orders: float64(SLOTS * SLOT_ORDERS * ORDER_FIELDS),
    results: float64(SLOTS * SLOT_ORDERS * RESULT_FIELDS),
    digests: bytes(SLOTS * SLOT_ORDERS * DIGEST_BYTES),
    data: bytes(SLOTS * SLOT_BYTES),
    fault: bytes(FAULT_BYTES),
  };
}

/** The side that gives. `settled` hears of every order once it is done, in the order they were given. */
export class RingGiver {
  readonly #memory: RingMemory;
  readonly #settled: (done: Done) => void;
  #given = 0;
  #collected = 0;
  #orders = 0;
  #bytes = 0;

  constructor(memory: RingMemory, settled: (done: Done) => void) {
    this.#memory = memory;
    this.#settled = settled;
  }

  /** True once the other thread is at work. */
  get served(): boolean {
    return Atomics.load(this.#memory.control, SERVED) === 1;
  }

  /** True when an order has to follow before more bytes can be put in. */
  get full(): boolean {
    return this.#bytes === SLOT_BYTES;
  }

  /** Puts in as many bytes as there is room for; answers how many. */
  put(piece: Buffer): number {
    const used = Math.min(piece.length, SLOT_BYTES - this.#bytes);
    const at = (this.#given % SLOTS) * SLOT_BYTES + this.#bytes;
    this.#memory.data.set(used === piece.length ? piece : piece.subarray(0, used), at);
    this.#bytes += used;
    return used;
  }

  /** An order for the bytes put in since the last one. Throws the fault of the other thread. */
  order({ fd, bytes, last, mode, uid, gid, mtime }: Order): void {
    const at = ((this.#given % SLOTS) * SLOT_ORDERS + this.#orders) * ORDER_FIELDS;
    this.#memory.orders.set([fd, bytes, last ? 1 : 0, mode, uid, gid, mtime], at);
    this.#orders += 1;
    if (this.#orders === SLOT_ORDERS || this.full) this.#give();
  }

  /** After a fault: which of the orders that are not settled it was, from 0. */
  get faultAt(): number {
    const { control, counts } = this.#memory;
    let before = 0;
    for (let slot = this.#collected; slot < Atomics.load(control, AT_SLOT); slot += 1)
      before += counts[slot % SLOTS] ?? 0;
    return before + Atomics.load(control, AT_ORDER);
  }

  /** Returns when everything given is done. Throws the fault of the other thread. */
  settle(): void {
    if (this.#orders > 0) this.#give();
    while (this.#collected < this.#given) this.#collect();
  }

  /** Lets the other thread end. What is not settled may stay undone. */
  close(): void {
    Atomics.store(this.#memory.control, GIVEN, CLOSED);
    Atomics.notify(this.#memory.control, GIVEN);
  }

  #give(): void {
    const { control, counts } = this.#memory;
    counts[this.#given % SLOTS] = this.#orders;
    this.#given += 1;
    this.#orders = 0;
    this.#bytes = 0;
    Atomics.store(control, GIVEN, this.#given);
    Atomics.notify(control, GIVEN);
    while (this.#collected <= this.#given - SLOTS) this.#collect();
  }

  /** Waits for the oldest slot. */
  #collect(): void {
    const { control, counts, results, digests, fault } = this.#memory;
    for (let done = Atomics.load(control, DONE); done <= this.#collected; done = Atomics.load(control, DONE)) {
      if (done === FAULT) throw toError(fault);
      Atomics.wait(control, DONE, done);
    }
    const slot = this.#collected % SLOTS;
    this.#collected += 1;
    for (let order = 0; order < (counts[slot] ?? 0); order += 1) {
      const at = (slot * SLOT_ORDERS + order) * RESULT_FIELDS;
      const digest = (slot * SLOT_ORDERS + order) * DIGEST_BYTES;
      this.#settled({
        ino: results[at] ?? 0,
        ownerRefused: results[at + 1] === 1,
        sha256: Buffer.from(digests.buffer, digest, DIGEST_BYTES).toString("hex"),
      });
    }
  }
}

/** The side that does: sleeps until there is work, ends when it is told to or when `work` throws. */
export function serveRing(memory: RingMemory, work: (order: Order, data: Uint8Array) => Done): void {
  const { control } = memory;
  Atomics.store(control, SERVED, 1);
  try {
    for (let done = 0; ;) {
      const given = Atomics.load(control, GIVEN);
      if (given === CLOSED) return;
      if (given === done) {
        Atomics.wait(control, GIVEN, done);
        continue;
      }
      Atomics.store(control, AT_SLOT, done);
      doSlot(memory, done % SLOTS, work);
      done += 1;
      Atomics.store(control, DONE, done);
      Atomics.notify(control, DONE);
    }
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const message = error instanceof Error ? error.message : String(error);
    memory.fault.set(Buffer.from(`${code}\0${message}\0`).subarray(0, FAULT_BYTES));
    Atomics.store(control, DONE, FAULT);
    Atomics.notify(control, DONE);
  }
}

/** The other thread's error: what it says and its code. */
function toError(fault: Uint8Array): Error {
  const [code = "", message = ""] = Buffer.from(fault).toString("utf8").split("\0");
  return Object.assign(new Error(message), code === "" ? {} : { code });
}

function doSlot(
  { control, counts, orders, results, digests, data }: RingMemory,
  slot: number,
  work: (order: Order, data: Uint8Array) => Done,
): void {
  let from = slot * SLOT_BYTES;
  for (let order = 0; order < (counts[slot] ?? 0); order += 1) {
    const at = (slot * SLOT_ORDERS + order) * ORDER_FIELDS;
    Atomics.store(control, AT_ORDER, order);
    const field = (index: number): number => orders[at + index] ?? 0;
    const bytes = field(1);
    const done = work(
      { fd: field(0), bytes, last: field(2) === 1, mode: field(3), uid: field(4), gid: field(5), mtime: field(6) },
      data.subarray(from, from + bytes),
    );
    from += bytes;
    const result = (slot * SLOT_ORDERS + order) * RESULT_FIELDS;
    results[result] = done.ino;
    results[result + 1] = done.ownerRefused ? 1 : 0;
    digests.set(Buffer.from(done.sha256, "hex"), (slot * SLOT_ORDERS + order) * DIGEST_BYTES);
  }
}
