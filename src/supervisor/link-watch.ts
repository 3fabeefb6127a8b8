import { watch, type FSWatcher } from "node:fs";
import type { Digest } from "../digest.ts";
import type { Store } from "../store/index.ts";

/** Watch events get lost on some volume drivers: the nets below them, in milliseconds. */
const COMMIT_POLL_MS = 500;
const RECALL_POLL_MS = 5_000;

/**
 * Calls `then` once, as soon as `look` says yes. The directory watch answers within a millisecond; every event is only
 * a reason to look, and a look that fails is repeated. Returns the way to end it.
 */
function watchLinks(store: Store, pollMs: number, look: () => boolean, then: () => void): () => void {
  let watcher: FSWatcher | undefined;
  const end = (): void => {
    watcher?.close();
    clearInterval(poll);
  };
  const check = (): void => {
    try {
      if (!look()) return;
    } catch {
      // The volume does not answer right now.
      return;
    }
    end();
    then();
  };
  const poll = setInterval(check, pollMs);
  try {
    watcher = watch(store.layout.dataDir, { persistent: false }, check);
    watcher.on("error", () => watcher?.close());
  } catch {
    // No inotify here (limit reached, or a file system without it): the poll alone sees the change.
  }
  check();
  return end;
}

/** Calls `onCommit` when the entrypoint link shows the version on trial. */
export function watchCommit(store: Store, digest: Digest, onCommit: () => void): () => void {
  const { links } = store;
  const committed = (): boolean => links.read("attempting").kind === "absent" && links.digest("entrypoint") === digest;
  return watchLinks(store, COMMIT_POLL_MS, committed, onCommit);
}

/** Calls `onRecall` when an operator has rolled back the version that runs (`dockerloader rollback`). */
export function watchRecall(store: Store, digest: Digest, onRecall: () => void): () => void {
  const { links, records } = store;
  const recalled = (): boolean =>
    links.digest("entrypoint") !== digest && records.failure(digest)?.reason.kind === "rolled-back";
  return watchLinks(store, RECALL_POLL_MS, recalled, onRecall);
}
