/**
 * Work handed from one thread to another through shared memory, in slots that go round: each holds orders (rows of
 * numbers) and the bytes that go with them. One thread gives, one does; both may sleep, neither needs an event loop.
 */
export const SLOTS = 8;
export const SLOT_ORDERS = 32;
export const SLOT_BYTES = 256 * 1024;
export const FAULT_BYTES = 1024;
/** Numbers of an order besides that of its bytes. */
export const ORDER_NUMBERS = 9;
export const ORDER_FIELDS = ORDER_NUMBERS + 1;
export const RESULT_FIELDS = 3;
export const DIGEST_BYTES = 32;

/** What came of an order. */
export interface Done {
  /** One of the codes that both sides know. */
  readonly outcome: number;
  readonly ino: number;
  /** The owner could not be restored. */
  readonly ownerRefused: boolean;
  /** SHA-256, in lower-case hexadecimal; empty when there is none. */
  readonly sha256: string;
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

/** Cells of the control memory: slots given, slots done (or FAULT), whether the other thread is there; the slot and the order it is at. */
export const GIVEN = 0;
export const DONE = 1;
export const SERVED = 2;
export const AT_SLOT = 3;
export const AT_ORDER = 4;
const CELLS = 5;
/** In place of a number of slots: the giving side has closed, the doing side has failed. */
export const CLOSED = -1;
export const FAULT = -1;
/** The other thread is there, has ended; before it has come: 0. */
export const THERE = 1;
export const ENDED = 2;

export function newRingMemory(): RingMemory {
  const int32 = (length: number) => new Int32Array(new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT));
  const float64 = (length: number) => new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT));
  const bytes = (length: number) => new Uint8Array(new SharedArrayBuffer(length));
  return {
    control: int32(CELLS),
    counts: int32(SLOTS),
    orders: float64(SLOTS * SLOT_ORDERS * ORDER_FIELDS),
    results: float64(SLOTS * SLOT_ORDERS * RESULT_FIELDS),
    digests: bytes(SLOTS * SLOT_ORDERS * DIGEST_BYTES),
    data: bytes(SLOTS * SLOT_BYTES),
    fault: bytes(FAULT_BYTES),
  };
}
