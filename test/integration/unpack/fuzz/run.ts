import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { FuzzReport, FuzzWork } from "./worker.ts";

/** The most a thread may keep, in MiB: more ends it, and the test. */
const HEAP_MB = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 16 };
/** Milliseconds in which all runs of a thread have to end. */
const HANG_MS = 110_000;

/** Fuzzes in a thread; rejects with the seed when it hangs, throws outside of a run, or needs too much memory. */
export async function fuzzIn(folder: string, work: Omit<FuzzWork, "folder" | "at">): Promise<FuzzReport> {
  const place = mkdtempSync(join(folder, "fuzz-"));
  const at = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL("worker.ts", import.meta.url), {
    workerData: { ...work, folder: place, at } satisfies FuzzWork,
    resourceLimits: HEAP_MB,
    execArgv: [],
  });
  const seed = (): string => `at seed ${Atomics.load(at, 0)}`;
  try {
    return await new Promise<FuzzReport>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no end after ${HANG_MS} ms, ${seed()}`)), HANG_MS);
      worker.once("message", resolve);
      worker.once("error", (cause) => reject(new Error(`the thread failed ${seed()}`, { cause })));
      worker.once("exit", () => {
        clearTimeout(timer);
        reject(new Error(`the thread ended ${seed()}`));
      });
    });
  } finally {
    await worker.terminate();
    rmSync(place, { recursive: true, force: true });
  }
}
