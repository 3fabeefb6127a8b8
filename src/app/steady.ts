import type { Digest } from "../digest.ts";
import { LIMITS } from "../limits.ts";
import type { SteadinessRecord } from "../store/records.ts";

/** What a check has found. */
export interface Look {
  readonly reference: string;
  readonly current: Digest;
  readonly latest: Digest;
}

/** What to keep for the next check, and whether the version has to wait. */
export interface Opinion {
  readonly record: SteadinessRecord;
  /** How many checks in a row have found it, and how many it takes. Undefined: it does not have to wait. */
  readonly held: { readonly seen: number; readonly needed: number } | undefined;
}

/**
 * Whether a tag may be believed that shows another version than the one that runs. A version that never ran here is taken
 * at once. One that did was replaced, and behind a registry of several servers it may only be an old answer: it is taken
 * when some checks in a row have found it. Each time the tag swings back meanwhile that takes twice as many, so that two
 * versions that alternate do not restart the app for ever; a new version starts anew. Pure.
 */
export function lookAgain(before: SteadinessRecord | undefined, { reference, current, latest }: Look): Opinion {
  const known = before?.reference === reference && Array.isArray(before.ran) ? before : undefined;
  const ran = known?.ran ?? [];
  const fresh = !ran.includes(current);
  const base: SteadinessRecord = {
    reference,
    ran: fresh ? [...ran, current].slice(-LIMITS.steadyVersions) : ran,
    digest: null,
    seen: 0,
    needed: fresh ? LIMITS.steadyChecks : (known?.needed ?? LIMITS.steadyChecks),
  };
  const waiting = known?.digest ?? null;
  if (latest === current || !base.ran.includes(latest)) {
    const swung = latest === current && waiting !== null && waiting !== current;
    const needed = swung ? Math.min(base.needed * 2, LIMITS.steadyChecksMost) : base.needed;
    return { record: { ...base, needed }, held: undefined };
  }
  const seen = waiting === latest ? Math.min((known?.seen ?? 0) + 1, base.needed) : 1;
  const record = { ...base, digest: latest, seen };
  return { record, held: seen < base.needed ? { seen, needed: base.needed } : undefined };
}
