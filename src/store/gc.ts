import { join } from "node:path";
import { type Digest, isDigest } from "../digest.ts";
import { listNames } from "./reads.ts";
import type { Store } from "./store.ts";
import { acknowledgeCommit } from "./succession.ts";

/**
 * Removes what nothing refers to: temporary names, versions that no link shows, blobs of no kept manifest.
 * Keeps: every version a link shows, `running`, and the previous good version, which moves to `retained/`.
 * The caller holds the store lock and knows that the last commit is durable. Returns the number of entries removed.
 */
export async function collectGarbage(store: Store, running: Digest | undefined): Promise<number> {
  acknowledgeCommit(store);
  const { layout, links, fs, durable } = store;
  const slots = ["entrypoint", "attempt", "attempting"] as const;
  const kept = new Set<string>(
    [running, ...slots.map((slot) => links.digest(slot))].filter((digest) => digest !== undefined),
  );
  const previous = previousOf(store, kept);
  let removed = 0;
  const retire = async (path: string): Promise<void> => {
    await durable.retire(path);
    removed += 1;
  };

  for (const name of listNames(fs, layout.staging)) await retire(join(layout.staging, name));
  for (const name of listNames(fs, layout.extracted).filter((name) => !kept.has(name))) {
    const movable = name === previous && !store.trees.retained().includes(previous);
    if (movable) durable.move(join(layout.extracted, name), layout.retainedTree(previous));
    else await retire(join(layout.extracted, name));
  }
  for (const name of listNames(fs, layout.retained).filter((name) => name !== previous && !kept.has(name))) {
    await retire(join(layout.retained, name));
  }
  for (const name of listNames(fs, layout.images).filter((name) => !kept.has(name))) {
    await retire(join(layout.images, name));
  }
  const referenced = referencedBlobs(store, kept);
  for (const name of listNames(fs, layout.blobs).filter((name) => !referenced.has(name))) {
    await retire(join(layout.blobs, name));
  }
  for (const folder of [layout.receipts, layout.inventories]) {
    for (const name of listNames(fs, folder)) {
      const digest = name.replace(/\.jsonl?$/, "");
      if (!kept.has(digest) && digest !== previous) await retire(join(folder, name));
    }
  }
  return removed;
}

/** The version to return to: the recorded one, unless a link still shows it. */
function previousOf(store: Store, kept: ReadonlySet<string>): Digest | undefined {
  const previous = store.records.succession()?.previous ?? undefined;
  return previous !== undefined && !kept.has(previous) ? previous : undefined;
}

/** Config and layers of every kept manifest. A manifest that cannot be read protects nothing: its blobs are fetched again. */
function referencedBlobs(store: Store, kept: ReadonlySet<string>): ReadonlySet<string> {
  const found = new Set<string>();
  for (const digest of kept) {
    const text = isDigest(digest) ? store.images.unverified(digest) : undefined;
    for (const match of text?.matchAll(/"digest"\s*:\s*"(sha(?:256|384|512):[a-f0-9]{64,128})"/g) ?? [])
      found.add(match[1] ?? "");
  }
  return found;
}
