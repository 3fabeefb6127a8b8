import { type ContentDigest, type Digest, hashesTo } from "../digest.ts";
import { fromAnyEndpoint, type FetchContext, type Fetched, requireSuccess, withDeadline } from "./fetch-document.ts";
import { MANIFEST_ACCEPT } from "./media-types.ts";
import type { Chosen } from "./read-image.ts";
import type { Reference } from "./reference.ts";

/** What was seen behind a tag: the answer of the registry and the platform's digest it led to. */
export interface Seen {
  readonly etag: string | undefined;
  readonly claimed: ContentDigest | undefined;
  readonly digest: Digest;
}

/** What a process before this one has seen, and a place for what is seen now. Neither throws. */
export interface Memory {
  readonly recall: () => Seen | undefined;
  readonly remember: (seen: Seen) => void;
}

/**
 * Remembers what a reference stood for, so that an unchanged tag costs one HEAD with If-None-Match and no body, also as
 * the first request of a new process. A host that refuses HEAD, or answers it without a digest, is asked by GET from then
 * on; a new process asks once more.
 */
export function createTagWatch(reference: Reference, context: FetchContext, memory: Memory | undefined) {
  let seen = memory?.recall();
  const withoutHead = new Set<string>();

  const unchanged = (last: Seen, signal: AbortSignal | undefined): Promise<boolean> =>
    fromAnyEndpoint(reference, context, async (endpoint) => {
      const host = endpoint.reference.registry;
      if (withoutHead.has(host)) return false;
      const headers = { accept: MANIFEST_ACCEPT, ...(last.etag === undefined ? {} : { "if-none-match": last.etag }) };
      const ask = { method: "HEAD", headers, signal: withDeadline(signal, context.limits.requestMs) } as const;
      const answer = await context.authorizer.ask(endpoint, `manifests/${reference.tag ?? "latest"}`, ask);
      answer.body.on("error", () => {}).resume();
      if (answer.status === 304) return last.etag !== undefined;
      // The reason of a refusal is in a body, and HEAD has none: GET asks again and says it.
      if (answer.status === 403 || answer.status === 404) return false;
      if (answer.status === 405 || answer.status === 501) {
        withoutHead.add(host);
        return false;
      }
      await requireSuccess(answer, [200], endpoint, context);
      const claimed = answer.header("docker-content-digest");
      if (claimed === undefined) withoutHead.add(host);
      return claimed !== undefined && claimed === last.claimed;
    });

  return {
    /** The digest, when the tag stands for what it stood for at the last look; undefined: look at it. */
    unchanged: async (signal: AbortSignal | undefined): Promise<Digest | undefined> => {
      const last = seen;
      if (last === undefined || reference.digest !== undefined) return undefined;
      return (await unchanged(last, signal)) ? last.digest : undefined;
    },
    /**
     * Tells what the reference stands for now. A document that is not what the registry said of it was damaged on its way,
     * or the registry errs: the next look reads it again.
     */
    note: ({ top, image }: Chosen): void => {
      seen = isAsSaid(top) ? { etag: top.etag, claimed: top.claimed, digest: image.digest } : undefined;
      if (seen !== undefined && reference.digest === undefined) memory?.remember(seen);
    },
    /** What the reference was said to stand for is not there: the next look reads it again, also one of another process. */
    forget: (): void => {
      // Without the registry's words nothing can be compared with them.
      if (seen !== undefined) memory?.remember({ digest: seen.digest, etag: undefined, claimed: undefined });
      seen = undefined;
    },
  };
}

const isAsSaid = ({ claimed, bytes }: Fetched): boolean => claimed === undefined || hashesTo(bytes, claimed);
