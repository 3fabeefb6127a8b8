import assert from "node:assert/strict";
import { helperFrom } from "../../../src/unpack/file-helper.ts";
import type { Helper } from "../../../src/unpack/files.ts";
import { RingGiver } from "../../../src/unpack/ring.ts";
import type { RingMemory } from "../../../src/unpack/ring-memory.ts";
import { ownWorkerFile } from "../../../src/unpack/worker-file.ts";

const OWNERS = process.geteuid?.() === 0;

const isServed = (memory: RingMemory): boolean => new RingGiver(memory, () => undefined).served;

/** A helper that is at work before the next file is begun. Counts its starts. */
export function promptHelper(): { readonly helper: Helper; readonly starts: () => number } {
  const url = ownWorkerFile();
  assert.ok(url !== undefined);
  const start = helperFrom(url, OWNERS, 2);
  assert.ok(start !== undefined);
  let starts = 0;
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  return {
    helper: (memory, hashes) => {
      starts += 1;
      start(memory, hashes);
      while (!isServed(memory)) Atomics.wait(nobody, 0, 0, 5);
    },
    starts: () => starts,
  };
}
