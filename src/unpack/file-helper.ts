import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { ContentHash } from "./content-hash.ts";
import type { Helper } from "./files.ts";
import { doOrder } from "./orders.ts";
import { Ownership } from "./ownership.ts";
import type { RingMemory } from "./ring-memory.ts";
import { serveRing } from "./ring-server.ts";

/** What a worker is given that is to help another one. */
export interface HelpRequest {
  readonly memory: RingMemory;
  readonly owners: boolean;
  readonly hashes: boolean;
}

/** Starts helpers from the worker's own file; undefined where a second thread would only take turns with the first. */
export function helperFrom(file: URL, owners: boolean, processors = availableParallelism()): Helper | undefined {
  if (processors < 2) return undefined;
  return (memory, hashes) => {
    const worker = new Worker(file, {
      workerData: { memory, owners, hashes } satisfies HelpRequest,
      execArgv: [],
      name: "files",
      // It closes what it opens; to remember every descriptor costs a part of each file.
      trackUnmanagedFds: false,
    });
    worker.unref();
  };
}

/** The whole life of a helper. */
export function help({ memory, owners, hashes }: HelpRequest): void {
  const hash = hashes ? new ContentHash() : undefined;
  let ownerRefused = false;
  const ownership = new Ownership(owners, { add: () => (ownerRefused = true) });
  serveRing(memory, (order) => {
    ownerRefused = false;
    return { ...doOrder(order, ownership, hash), ownerRefused };
  });
}
