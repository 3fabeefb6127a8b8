import type { Digest } from "../digest.ts";
import { blame, type RecoverOptions } from "./blame.ts";
import { writtenByOthers } from "./soundness.ts";
import type { Store } from "./store.ts";

/**
 * What is staged must be a version that can run and has not failed before. One that is damaged was hurt by us or by the
 * volume: it is staged again at the next check and never blamed. One that is whole and still cannot run is blamed.
 * `written` learns of the versions that share files with one that is taken away, and were written by another one.
 */
export async function recoverAttempt(
  store: Store,
  options: RecoverOptions,
  written: Map<Digest, string>,
): Promise<void> {
  const { links, records, trees, durable, layout } = store;
  const state = links.read("attempt");
  if (state.kind === "absent") return;
  const drop = (why: string): void => {
    links.drop("attempt");
    options.log.emit({ type: "store.repaired", what: `dropped entrypoint-attempt: ${why}` });
  };
  if (state.kind === "foreign") return drop(`it pointed to ${state.target}`);
  const { digest } = state;
  if (links.digest("entrypoint") === digest) return drop(`${digest} is the stable version`);
  if (records.failure(digest) !== undefined) {
    records.setMarker(digest);
    return drop(`${digest} failed before`);
  }
  const trial = records.trial();
  if (trial?.digest === digest && trial.starts >= options.trialTries) {
    // Killed between the count and the rename, each time.
    blame(store, options, digest, { kind: "interrupted", tries: trial.starts });
    records.setMarker(digest);
    options.log.emit({ type: "trial.parked", digest, tries: trial.starts });
    return links.drop("attempt");
  }
  if (!trees.has(digest)) return drop(`${digest} is not on disk`);
  const fault = trees.fault(digest);
  const unreadable = fault?.code === "STORE_CORRUPT" ? fault.message : undefined;
  const thorough = fault !== undefined || options.thorough;
  // The version that staged it has run on: what both share may have been written.
  const damage = unreadable ?? (await damageOf(store, digest, thorough)) ?? trees.altered(digest);
  if (damage !== undefined) {
    for (const [other, why] of writtenByOthers(store, digest)) written.set(other, why);
    drop(damage);
    durable.drop(layout.receipt(digest));
    return durable.retire(trees.path(digest));
  }
  if (fault === undefined) return;
  blame(store, options, digest, { kind: "unusable", message: fault.message });
  records.setMarker(digest);
  drop(fault.message);
}

function damageOf({ trees }: Store, digest: Digest, wanted: boolean): Promise<string | undefined> {
  return wanted ? trees.damage(digest) : Promise.resolve(undefined);
}
