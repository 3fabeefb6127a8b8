import { type Digest, isContentDigest } from "../digest.ts";
import type { RecoverOptions } from "./blame.ts";
import { bringBack, faultOf, writtenByOthers } from "./soundness.ts";
import type { Store } from "./store.ts";
import { finishRevert, keepPrevious } from "./succession.ts";

/**
 * The stable version must be able to run, and one that is recorded as failed gives way. The ladder: it itself, its
 * retained copy, the previous good version; when none of them can run its broken tree is taken away and the link stays:
 * it names what to unpack again from blobs or to fetch from the registry, which is the work of another process (`fetch`).
 * `written`: versions that are known to hold what another one wrote, whatever the disk still tells.
 */
export async function recoverStable(
  store: Store,
  options: RecoverOptions,
  written: Map<Digest, string>,
): Promise<void> {
  const { links } = store;
  const { log } = options;
  const shown = await finishRevert(store, options.thorough);
  if (shown !== undefined) log.emit({ type: "store.repaired", what: `entrypoint shows ${shown} again` });
  else await keepPrevious(store);
  const state = links.read("entrypoint");
  const digest = state.kind === "version" ? state.digest : undefined;
  if (digest !== undefined && (await faultOf(store, digest, options.thorough)) === undefined) {
    const altered = digest === options.ranLast ? undefined : (written.get(digest) ?? store.trees.altered(digest));
    if (altered === undefined) return;
    log.emit({ type: "loader.warning", message: altered });
    if (hasLayers(store, digest)) return takeAway(store, options, digest, written);
  }
  for (const candidate of candidatesFor(store, digest)) {
    if (written.has(candidate) || !(await bringBack(store, candidate, options.thorough))) continue;
    if (candidate !== digest) links.point("entrypoint", candidate);
    log.emit({ type: "store.repaired", what: `entrypoint shows ${candidate} again` });
    return;
  }
  if (digest !== undefined) return takeAway(store, options, digest, written);
  if (state.kind === "absent") return;
  log.emit({ type: "store.repaired", what: "dropped entrypoint, which pointed to no version" });
  links.drop("entrypoint");
}

/** The version itself, then the one before it, then whatever else is retained; never one that failed. */
function candidatesFor({ records, trees }: Store, digest: Digest | undefined): ReadonlySet<Digest> {
  const others = [records.succession()?.previous, records.trial()?.previous, ...trees.retained()];
  const usable = others.filter((item) => item !== undefined && item !== null && records.failure(item) === undefined);
  return new Set([digest, ...usable].filter((item): item is Digest => item !== undefined && item !== null));
}

/** True when all that it takes to unpack the version again is on disk; content is verified when that is done. */
function hasLayers({ blobs, images }: Store, digest: Digest): boolean {
  const text = images.manifest(digest)?.toString("utf8");
  const named = [...(text?.matchAll(/"digest"\s*:\s*"([^"]*)"/g) ?? [])].map((match) => match[1] ?? "");
  return named?.every((name) => isContentDigest(name) && blobs.size(name) !== undefined) ?? false;
}

/** Takes away what holds another version's writes and is not what runs: there is no way back to it. */
export async function takeWritten(store: Store, options: RecoverOptions, written: Map<Digest, string>): Promise<void> {
  const needed = [options.ranLast, store.links.digest("entrypoint"), store.links.digest("attempt")];
  for (const digest of [...written.keys()].filter((each) => !needed.includes(each))) {
    await takeAway(store, options, digest, written);
  }
}

/** Its retained copy goes too: it is the same files. */
async function takeAway(
  store: Store,
  { log }: RecoverOptions,
  digest: Digest,
  written: Map<Digest, string>,
): Promise<void> {
  const { durable, layout, trees } = store;
  if (!trees.list().some((tree) => tree.digest === digest)) return;
  for (const [other, why] of writtenByOthers(store, digest)) written.set(other, why);
  durable.drop(layout.receipt(digest));
  await durable.retire(trees.path(digest));
  await durable.retire(layout.retainedTree(digest));
  log.emit({ type: "store.repaired", what: `took ${digest} away, which is broken, to unpack or fetch it again` });
}
