import type { Digest } from "../digest.ts";
import { LIMITS } from "../limits.ts";
import type { Logger } from "./logger.ts";

/** Counts the bytes of one layer and reports them now and then: at most every 250 ms, whatever the network does. */
export function countProgress(
  log: Logger,
  digest: Digest,
  total: number,
): { readonly add: (bytes: number) => void; readonly reset: () => void } {
  let bytes = 0;
  let last = performance.now();
  return {
    add: (count) => {
      bytes += count;
      const now = performance.now();
      if (now - last < LIMITS.progressMs) return;
      last = now;
      log.emit({ type: "layer.progress", digest, bytes, total });
    },
    reset: () => {
      bytes = 0;
    },
  };
}
