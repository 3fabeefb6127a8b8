import type { ContentDigest, Digest } from "../digest.ts";
import { fromAnyEndpoint, type FetchContext, requireSuccess, withDeadline } from "./fetch-document.ts";
import { MANIFEST_ACCEPT } from "./media-types.ts";
import type { Reference } from "./reference.ts";
import type { Chosen } from "./read-image.ts";

/** What was seen behind a tag: the answer of the registry and the platform's digest it led to. */
interface Seen {
  readonly etag: string | undefined;
  readonly claimed: ContentDigest | undefined;
  readonly digest: Digest;
}

/**
 * Remembers what a reference stood for, so that an unchanged tag costs one HEAD with If-None-Match and no body.
 * A registry that refuses HEAD, or answers it without a digest, is asked by GET from then on.
 */
export function createTagWatch(reference: Reference, context: FetchContext) {
  let seen: Seen | undefined;
  let byHead = true;

  const unchanged = (last: Seen, signal: AbortSignal | undefined): Promise<boolean> =>
    fromAnyEndpoint(reference, context, async (endpoint) => {
      const headers = { accept: MANIFEST_ACCEPT, ...(last.etag === undefined ? {} : { "if-none-match": last.etag }) };
      const ask = { method: "HEAD", headers, signal: withDeadline(signal, context.limits.requestMs) } as const;
      const answer = await context.authorizer.ask(endpoint, `manifests/${reference.tag ?? "latest"}`, ask);
      answer.body.on("error", () => {}).resume();
      // The reason of a refusal is in a body, and HEAD has none: GET asks again and says it.
      if (answer.status === 304) return last.etag !== undefined;
      if ([403, 404, 405, 501].includes(answer.status)) {
        byHead = answer.status < 405;
        return false;
      }
      await requireSuccess(answer, [200], endpoint, context);
      const claimed = answer.header("docker-content-digest");
      byHead = claimed !== undefined;
      return claimed !== undefined && claimed === last.claimed;
    });

  return async (signal: AbortSignal | undefined, choose: () => Promise<Chosen>): Promise<Digest> => {
    const last = seen;
    const asked = last !== undefined && reference.digest === undefined && byHead;
    if (asked && (await unchanged(last, signal))) return last.digest;
    const { top, image } = await choose();
    seen = { etag: top.etag, claimed: top.claimed, digest: image.digest };
    return image.digest;
  };
}
