import {
  AT_ORDER,
  AT_SLOT,
  CLOSED,
  DIGEST_BYTES,
  DONE,
  FAULT,
  GIVEN,
  ORDER_FIELDS,
  RESULT_FIELDS,
  type RingMemory,
  SERVED,
  SLOT_BYTES,
  SLOT_ORDERS,
  SLOTS,
  THERE,
} from "./ring-memory.ts";

/** What came of an order. To be asked while it is heard of, and not later. */
export interface Settlement {
  /** One of the codes that both sides know. */
  readonly outcome: number;
  readonly ino: number;
  readonly ownerRefused: boolean;
  /** SHA-256, in lower-case hexadecimal, when one was wanted. */
  readonly sha256: string;
  /** The bytes that went with it. */
  readonly bytes: Buffer;
}

/** Hears of every order once it is done, in the order they were given. */
export type Settled = (done: Settlement) => void;

/** The side that gives. */
export class RingGiver {
  readonly #memory: RingMemory;
  readonly #data: Buffer;
  readonly #settled: Settled;
  readonly #done: SettledOrder;
  #given = 0;
  #collected = 0;
  #orders = 0;
  /** Bytes of the slot at hand that belong to orders, and those put in since the last one. */
  #bytes = 0;
  #pending = 0;

  constructor(memory: RingMemory, settled: Settled) {
    this.#memory = memory;
    this.#data = Buffer.from(memory.data.buffer);
    this.#done = new SettledOrder(memory, this.#data);
    this.#settled = settled;
  }

  /** True once the other thread is at work. */
  get served(): boolean {
    return Atomics.load(this.#memory.control, SERVED) === THERE;
  }

  /** True when an order with so many bytes can be given now. Never waits. Throws the fault of the other thread. */
  room(bytes: number): boolean {
    if (this.#orders === SLOT_ORDERS || this.#bytes + bytes > SLOT_BYTES) this.#give();
    this.#collectDone();
    return this.#given - this.#collected < SLOTS && bytes <= SLOT_BYTES;
  }

  /** Puts in bytes of the order that comes next: there has to be room. */
  put(piece: Buffer): void {
    this.#pending += piece.copy(this.#data, this.#at);
  }

  /** The same of text, a byte each character. */
  putText(latin1: string): void {
    this.#pending += this.#data.write(latin1, this.#at, "latin1");
  }

  get #at(): number {
    return (this.#given % SLOTS) * SLOT_BYTES + this.#bytes + this.#pending;
  }

  /** An order for the bytes put in since the last one. Answers where its numbers are to be written among `numbers`. */
  order(): number {
    const at = ((this.#given % SLOTS) * SLOT_ORDERS + this.#orders) * ORDER_FIELDS;
    this.#memory.orders[at] = this.#pending;
    this.#bytes += this.#pending;
    this.#pending = 0;
    this.#orders += 1;
    return at + 1;
  }

  /** The numbers of all orders. */
  get numbers(): Float64Array {
    return this.#memory.orders;
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
    const { control } = this.#memory;
    while (this.#collected < this.#given) {
      const done = Atomics.load(control, DONE);
      if (done === this.#collected) Atomics.wait(control, DONE, done);
      this.#collectDone();
    }
  }

  /** Ends the other thread: once this returns it does nothing any more. What is not settled may stay undone. */
  close(): void {
    const { control } = this.#memory;
    Atomics.store(control, GIVEN, CLOSED);
    Atomics.notify(control, GIVEN);
    while (this.served) Atomics.wait(control, SERVED, THERE);
  }

  #give(): void {
    const { control, counts } = this.#memory;
    if (this.#orders === 0) return;
    counts[this.#given % SLOTS] = this.#orders;
    this.#given += 1;
    this.#orders = 0;
    this.#bytes = 0;
    Atomics.store(control, GIVEN, this.#given);
    Atomics.notify(control, GIVEN);
  }

  #collectDone(): void {
    const { control, fault } = this.#memory;
    for (;;) {
      const done = Atomics.load(control, DONE);
      if (done === FAULT) throw toError(fault);
      if (this.#collected >= done) return;
      this.#collect(this.#collected % SLOTS);
    }
  }

  #collect(slot: number): void {
    const count = this.#memory.counts[slot] ?? 0;
    this.#done.move(slot * SLOT_ORDERS, slot * SLOT_BYTES);
    for (let index = 0; index < count; index += 1) {
      this.#settled(this.#done);
      this.#done.next();
    }
    this.#collected += 1;
  }
}

/** Reads what is there of one order after the other, no more of it than is asked for. */
class SettledOrder implements Settlement {
  readonly #memory: RingMemory;
  readonly #data: Buffer;
  readonly #digests: Buffer;
  #order = 0;
  #from = 0;

  constructor(memory: RingMemory, data: Buffer) {
    this.#memory = memory;
    this.#data = data;
    this.#digests = Buffer.from(memory.digests.buffer);
  }

  /** To the first order of a slot, and the first of its bytes. */
  move(order: number, from: number): void {
    this.#order = order;
    this.#from = from;
  }

  next(): void {
    this.#from += this.#length;
    this.#order += 1;
  }

  get outcome(): number {
    return this.#memory.results[this.#order * RESULT_FIELDS] ?? 0;
  }

  get ino(): number {
    return this.#memory.results[this.#order * RESULT_FIELDS + 1] ?? 0;
  }

  get ownerRefused(): boolean {
    return this.#memory.results[this.#order * RESULT_FIELDS + 2] === 1;
  }

  get sha256(): string {
    const at = this.#order * DIGEST_BYTES;
    return this.#digests.toString("hex", at, at + DIGEST_BYTES);
  }

  get bytes(): Buffer {
    return this.#data.subarray(this.#from, this.#from + this.#length);
  }

  get #length(): number {
    return this.#memory.orders[this.#order * ORDER_FIELDS] ?? 0;
  }
}

/** The other thread's error: what it says and its code. */
function toError(fault: Uint8Array): Error {
  const [code = "", message = ""] = Buffer.from(fault).toString("utf8").split("\0");
  return Object.assign(new Error(message), code === "" ? {} : { code });
}
