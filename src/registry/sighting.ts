import { isContentDigest, isDigest } from "../digest.ts";
import type { Records, Sighting } from "../store/records.ts";
import { formatPlatform, type Platform } from "./platform.ts";
import type { Memory } from "./tag-watch.ts";

/** What may stand in a header (RFC 9110, 8.8.3); anything else on disk is as good as nothing. */
const ETAG = /^(W\/)?"[\x21\x23-\x7e]{0,256}"$/;

/**
 * The memory of a tag on the volume. It counts for this target and platform only, and it is only ever a short cut: what
 * cannot be read or written costs one request more at the next start.
 */
export function memoryIn(
  records: Pick<Records, "sighting" | "setSighting">,
  reference: string,
  platform: Platform,
): Memory {
  const where = { reference, platform: formatPlatform(platform) };
  return {
    recall: () => {
      const last = records.sighting();
      if (!isDigest(last?.digest) || last.reference !== where.reference || last.platform !== where.platform)
        return undefined;
      const { etag, claimed, digest } = last;
      return {
        digest,
        etag: typeof etag === "string" && ETAG.test(etag) ? etag : undefined,
        claimed: isContentDigest(claimed) ? claimed : undefined,
      };
    },
    remember: ({ etag, claimed, digest }) => {
      const record: Sighting = { ...where, digest, ...(etag && { etag }), ...(claimed && { claimed }) };
      try {
        if (JSON.stringify(records.sighting()) !== JSON.stringify(record)) records.setSighting(record);
      } catch {
        // A volume that takes no writes is reported by the step that needs it.
      }
    },
  };
}
