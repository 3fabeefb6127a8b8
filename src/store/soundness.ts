import type { Digest } from "../digest.ts";
import type { Store } from "./store.ts";

/**
 * Why a version cannot be run, or undefined. Quick (before every exec): its entrypoint can be executed. Thorough (after
 * an unclean stop, when a power cut may have taken content that was never synced): every entry is what was published.
 */
export async function faultOf({ trees }: Store, digest: Digest, thorough: boolean): Promise<string | undefined> {
  const fault = trees.fault(digest);
  if (fault !== undefined) return fault.message;
  return thorough ? trees.damage(digest) : undefined;
}

/**
 * Brings back the version before a commit. Its retained copy first: no app's clean-up reaches that one, while an app of
 * the original may have died with the tree in its place half deleted, and a quick look sees only the entrypoint.
 */
export async function returnTo(store: Store, digest: Digest, thorough: boolean): Promise<boolean> {
  const whole = thorough && (await faultOf(store, digest, true)) === undefined;
  if (!whole) await store.trees.restore(digest);
  return bringBack(store, digest, thorough);
}

/**
 * True when the version can be run from its place or after its retained copy was put there, and no other version has written
 * into its files.
 */
export async function bringBack(store: Store, digest: Digest, thorough: boolean): Promise<boolean> {
  const isSound = async (): Promise<boolean> =>
    (await faultOf(store, digest, thorough)) === undefined && store.trees.altered(digest) === undefined;
  return (await isSound()) || ((await store.trees.restore(digest)) && (await isSound()));
}

/**
 * The other versions on disk into whose files one that shares them has written, each with the sentence that says so. To be asked
 * before a version is taken away: what tells is that two inventories name one file, and then nothing tells it any more.
 */
export function writtenByOthers({ trees }: Store, digest: Digest): readonly (readonly [Digest, string])[] {
  return trees.list().flatMap((other) => {
    const altered = other.digest === digest ? undefined : trees.altered(other.digest);
    return altered === undefined ? [] : [[other.digest, altered] as const];
  });
}
