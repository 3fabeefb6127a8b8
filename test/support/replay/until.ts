import { setTimeout as delay } from "node:timers/promises";

/** Milliseconds after which something that has not happened never will. */
export const PATIENCE_MS = 60_000;
const LOOK_MS = 2;

/** Looks until it is so, in turns with everything else that runs. Rejects when patience is over. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`waited ${PATIENCE_MS} ms in vain until ${what}`);
    await delay(LOOK_MS);
  }
}

/** The same without letting anything else happen in this process in the meantime. */
export function blockUntil(what: string, isSo: () => boolean): void {
  const deadline = performance.now() + PATIENCE_MS;
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`blocked ${PATIENCE_MS} ms in vain until ${what}`);
    Atomics.wait(nobody, 0, 0, LOOK_MS);
  }
}

/** The value, or a rejection that names what was waited for. */
export function inTime<T>(what: string, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`waited ${PATIENCE_MS} ms in vain for ${what}`)), PATIENCE_MS);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
