import { join } from "node:path";
import { listNames } from "./reads.ts";
import type { Store } from "./store.ts";

/**
 * Removes what a process that was killed inside `publishFile` or `flipLink` left beside links and records. Nobody may
 * be writing them: the loader calls this when it plans a launch, with no app alive. What lies below `storage/` is
 * removed by garbage collection, under the store lock.
 */
export function sweepTemporaries({ layout, fs, durable }: Store): void {
  for (const directory of [layout.dataDir, layout.state, layout.failed]) {
    for (const name of listNames(fs, directory).filter((name) => name.startsWith("tmp-"))) {
      durable.drop(join(directory, name));
    }
  }
}

/** Removes the same below `storage/`. The caller holds the store lock: nobody downloads, unpacks or cleans up. */
export async function sweepStorage({ layout, fs, durable }: Store): Promise<void> {
  const { blobs, images, extracted, retained, staging } = layout;
  for (const directory of [blobs, images, extracted, retained, staging]) {
    for (const name of listNames(fs, directory)) {
      if (/^(?:tmp|removing)-/.test(name)) await durable.retire(join(directory, name));
    }
  }
}
