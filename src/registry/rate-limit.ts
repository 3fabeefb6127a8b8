import type { Answer } from "./http.ts";
import type { RateLimit } from "./source.ts";

const FORM = /^(\d{1,9})(?:;w=(\d{1,9}))?/;

/** Reads `ratelimit-limit: 100;w=21600` and `ratelimit-remaining: 76;w=21600`. Undefined: the registry says nothing. */
export function rateLimitOf({ header, url }: Pick<Answer, "header" | "url">): RateLimit | undefined {
  const limit = FORM.exec(header("ratelimit-limit") ?? "");
  const remaining = FORM.exec(header("ratelimit-remaining") ?? "");
  if (limit === null || remaining === null) return undefined;
  return {
    host: url.host,
    limit: Number(limit[1]),
    remaining: Number(remaining[1]),
    windowSecs: Number(remaining[2] ?? limit[2] ?? 0),
  };
}
