import type { Digest } from "../digest.ts";
import { type Fetched, type FetchContext, requireSuccess } from "./fetch-document.ts";
import { MANIFEST_ACCEPT } from "./media-types.ts";
import { formatPlatform, type Platform } from "./platform.ts";
import { formatReference, type Reference } from "./reference.ts";

/** What was seen behind a tag: the answer of the registry and the platform's digest it led to. */
interface Seen {
  readonly etag: string | undefined;
  readonly claimed: string | undefined;
  readonly digest: Digest;
}

type Fetch = () => Promise<Fetched & { top: Fetched }>;

/**
 * Remembers what a reference stood for, so that an unchanged tag costs one HEAD with If-None-Match and no body.
 * A registry that refuses HEAD is asked by GET from then on.
 */
export function createTagWatch(context: FetchContext) {
  const seen = new Map<string, Seen>();
  const withoutHead = new Set<string>();

  const unchanged = async (reference: Reference, last: Seen, signal: AbortSignal | undefined): Promise<boolean> => {
    const headers = { accept: MANIFEST_ACCEPT, ...(last.etag === undefined ? {} : { "if-none-match": last.etag }) };
    const path = `${reference.repository}/manifests/${reference.tag ?? "latest"}`;
    const answer = await context.authorizer.ask(reference, path, { method: "HEAD", headers, signal });
    answer.body.on("error", () => {}).resume();
    if (answer.status === 304) return true;
    if (answer.status === 405 || answer.status === 501) {
      withoutHead.add(reference.registry);
      return false;
    }
    await requireSuccess(answer, [200], reference, context);
    const claimed = answer.header("docker-content-digest");
    return claimed !== undefined && claimed === last.claimed;
  };

  return async (
    reference: Reference,
    platform: Platform,
    signal: AbortSignal | undefined,
    fetch: Fetch,
  ): Promise<Digest> => {
    const key = `${formatReference(reference)} ${formatPlatform(platform)}`;
    const last = seen.get(key);
    const asked = last !== undefined && reference.digest === undefined && !withoutHead.has(reference.registry);
    if (asked && (await unchanged(reference, last, signal))) return last.digest;
    const { digest, top } = await fetch();
    seen.set(key, { etag: top.etag, claimed: top.claimed, digest });
    return digest;
  };
}
