import { watch, type FSWatcher } from "node:fs";
import type { Digest } from "../digest.ts";
import type { Store } from "../store/index.ts";

/** Watch events get lost on some volume drivers: the net below them, in milliseconds. */
const POLL_MS = 500;

/**
 * Calls `onCommit` once, when the entrypoint link shows the version on trial. The directory watch answers within a
 * millisecond; every event is only a reason to read the links, which alone are the truth. Returns the way to end it.
 */
export function watchCommit(store: Store, digest: Digest, onCommit: () => void): () => void {
  let watcher: FSWatcher | undefined;
  const end = (): void => {
    watcher?.close();
    clearInterval(poll);
  };
  const poll = setInterval(() => look(), POLL_MS);
  const look = (): void => {
    if (store.links.read("attempting").kind !== "absent" || store.links.digest("entrypoint") !== digest) return;
    end();
    onCommit();
  };
  try {
    watcher = watch(store.layout.dataDir, { persistent: false }, look);
    watcher.on("error", () => watcher?.close());
  } catch {
    // No inotify here (limit reached, or a file system without it): the poll alone sees the commit.
  }
  look();
  return end;
}
