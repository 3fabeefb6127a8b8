import { join } from "node:path";
import { listNames } from "./reads.ts";
import type { Store } from "./store.ts";

/** What a primitive that was cut short leaves behind. */
const LEFTOVER = /^(tmp|removing)-/;
/** The original's name for a link in the making; left behind it would stop every later update of an app linked with it. */
const ORIGINAL_LEFTOVER = "entrypoint-attempt.tmp";

/**
 * Removes what a process that was killed inside `publishFile` or `flipLink` left beside links and records. Nobody may
 * be writing them: the loader calls this when it plans a launch, with no app alive.
 */
export function sweepTemporaries({ layout, fs, durable }: Store): void {
  for (const directory of [layout.dataDir, layout.state, layout.failed, layout.receipts]) {
    for (const name of listNames(fs, directory)) {
      const left = LEFTOVER.test(name) || (directory === layout.dataDir && name === ORIGINAL_LEFTOVER);
      if (left) durable.drop(join(directory, name));
    }
  }
}

/** Removes the same below `storage/`. The caller holds the store lock: nobody downloads, unpacks or cleans up. */
export async function sweepStorage({ layout, fs, durable }: Store): Promise<void> {
  const { blobs, images, extracted, retained, staging } = layout;
  for (const directory of [blobs, images, extracted, retained, staging]) {
    for (const name of listNames(fs, directory)) {
      if (LEFTOVER.test(name)) await durable.retire(join(directory, name));
    }
  }
}
