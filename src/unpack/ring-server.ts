import {
  AT_ORDER,
  AT_SLOT,
  CLOSED,
  DIGEST_BYTES,
  DONE,
  type Done,
  ENDED,
  FAULT,
  FAULT_BYTES,
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

/** Where an order lies in the shared memory: its numbers begin at `at`, its bytes are those of `data` from `from` to `to`. */
export interface OrderPlace {
  readonly numbers: Float64Array;
  readonly at: number;
  readonly data: Buffer;
  readonly from: number;
  readonly to: number;
}

type Work = (order: OrderPlace) => Done;

/** The side that does: sleeps until there is work, ends when it is told to or when `work` throws. */
export function serveRing(memory: RingMemory, work: Work): void {
  const { control } = memory;
  const data = Buffer.from(memory.data.buffer);
  Atomics.store(control, SERVED, THERE);
  try {
    for (let done = 0; ;) {
      const given = Atomics.load(control, GIVEN);
      if (given === CLOSED) return;
      if (given === done) {
        Atomics.wait(control, GIVEN, done);
        continue;
      }
      Atomics.store(control, AT_SLOT, done);
      doSlot(memory, data, done % SLOTS, work);
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
  } finally {
    Atomics.store(control, SERVED, ENDED);
    Atomics.notify(control, SERVED);
  }
}

function doSlot(
  { control, counts, orders, results, digests }: RingMemory,
  data: Buffer,
  slot: number,
  work: Work,
): void {
  let from = slot * SLOT_BYTES;
  for (let index = 0; index < (counts[slot] ?? 0); index += 1) {
    const order = slot * SLOT_ORDERS + index;
    const at = order * ORDER_FIELDS;
    Atomics.store(control, AT_ORDER, index);
    const to = from + (orders[at] ?? 0);
    const done = work({ numbers: orders, at: at + 1, data, from, to });
    from = to;
    results[order * RESULT_FIELDS] = done.outcome;
    results[order * RESULT_FIELDS + 1] = done.ino;
    results[order * RESULT_FIELDS + 2] = done.ownerRefused ? 1 : 0;
    if (done.sha256 !== "") digests.set(Buffer.from(done.sha256, "hex"), order * DIGEST_BYTES);
  }
}
