import type { Digest } from "../digest.ts";
import type { Store } from "./store.ts";

/**
 * Takes back that a version failed, or that any did: at the next check it is as if it were new. The marker of the original
 * goes first, because a marker without a record is dropped by the next recovery anyway. Returns what was forgotten.
 */
export function forgetFailures({ records }: Pick<Store, "records">, digest: Digest | undefined): Digest[] {
  const wanted = records.failures().filter((record) => digest === undefined || record.digest === digest);
  const marker = records.marker();
  if (wanted.some((record) => record.digest === marker)) records.dropMarker();
  for (const record of wanted) records.dropFailure(record.digest);
  return [...new Set([...wanted.map((record) => record.digest), ...forgetWaiting(records, digest)])];
}

/** A version that has to be found several times because it was replaced here before is taken at the next check, too. */
function forgetWaiting(records: Store["records"], digest: Digest | undefined): Digest[] {
  const waiting = records.steadiness()?.digest ?? null;
  if (waiting === null || (digest !== undefined && digest !== waiting)) return [];
  records.dropSteadiness();
  return [waiting];
}
