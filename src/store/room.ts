import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { storeError } from "./durable.ts";
import type { Store } from "./store.ts";

/**
 * Throws STORE_FULL or STORE_IO when the volume does not take so many bytes. Asked for before a version is staged and before its
 * trial: an app that cannot commit for lack of space looks like one that fails, and a version would be blamed for the volume.
 * Tried, not looked up: statfs(2) knows no quota. What a crash leaves of it has a name that `sweepStorage` removes.
 */
export function requireRoom({ fs, layout }: Store, bytes: number): void {
  const path = join(layout.staging, `tmp-room-${randomUUID()}`);
  try {
    fs.tryWrite(path, bytes);
  } catch (error) {
    throw storeError("write", path, error);
  }
}
