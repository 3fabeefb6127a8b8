import { join } from "node:path";
import { type Digest, isDigest } from "../digest.ts";
import { isLeased } from "./lease.ts";
import { listNames } from "./reads.ts";
import type { Store } from "./store.ts";
import { acknowledgeCommit } from "./succession.ts";

/** The links in the order in which a version moves through them: read so, none that moves meanwhile is missed. */
const SLOTS = ["attempt", "attempting", "entrypoint"] as const;

/**
 * Removes what nothing refers to: temporary names, versions that no link shows, blobs of no kept manifest.
 * Keeps: every version a link shows, `running`, every tree that somebody holds a lease on, and the previous good
 * version, which moves to `retained/`. The caller holds the store lock; the last commit is durable before anything
 * goes. Returns the number of entries removed.
 */
export async function collectGarbage(store: Store, running: Digest | undefined): Promise<number> {
  const { layout, links, records, fs, durable, trees } = store;
  const shown = [running, ...SLOTS.map((slot) => links.digest(slot)), links.revoked(), records.trial()?.digest];
  durable.syncDirectory(layout.dataDir);
  acknowledgeCommit(store);
  const kept = new Set<string>(shown.filter((digest) => digest !== undefined));
  const previous = previousOf(store, kept);
  let removed = 0;
  const retire = async (path: string): Promise<void> => {
    await durable.retire(path);
    removed += 1;
  };

  for (const name of listNames(fs, layout.staging)) await retire(join(layout.staging, name));
  for (const name of listNames(fs, layout.extracted).filter((name) => !kept.has(name))) {
    const path = join(layout.extracted, name);
    if (isDigest(name) && isLeased(store, path)) kept.add(name);
    else if (isDigest(name) && previous.has(name) && !trees.retained().includes(name)) {
      durable.move(path, layout.retainedTree(name));
    } else await retire(path);
  }
  for (const name of listNames(fs, layout.retained).filter((name) => !previous.has(name) && !kept.has(name))) {
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
      const digest = name.replace(/\.(jsonl?|seal)$/, "");
      if (!kept.has(digest) && !previous.has(digest)) await retire(join(folder, name));
    }
  }
  return removed;
}

/** The versions to return to: the recorded one and that of a trial in progress, unless a link still shows them. */
function previousOf({ records }: Store, kept: ReadonlySet<string>): ReadonlySet<string> {
  const found = [records.succession()?.previous, records.trial()?.previous];
  return new Set(found.filter((digest) => typeof digest === "string" && !kept.has(digest)) as string[]);
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
