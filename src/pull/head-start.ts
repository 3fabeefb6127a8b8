import type { RemoteImage } from "../registry/source.ts";
import type { Store } from "../store/index.ts";
import { createDownloads, type DownloadOptions, type Downloads } from "./download.ts";

/** The downloads of an image of which only the manifest is known yet. */
export interface HeadStart {
  /** Begins them, when every layer is sure to be needed: no version is on the volume that could give one. */
  readonly begin: (image: Pick<RemoteImage, "digest" | "manifest">) => void;
  /** Undefined: none were begun. */
  readonly downloads: () => Downloads | undefined;
  /** Ends them. Resolves when nothing is written any more. */
  readonly abandon: (error: unknown) => Promise<void>;
}

/** A config takes a request of its own, and layers need not wait for it. The caller holds the store lock. */
export function createHeadStart(store: Store, options: DownloadOptions): HeadStart {
  let begun: Downloads | undefined;
  return {
    begin: ({ digest, manifest: { layers } }) => {
      if (store.trees.list().length > 0 || store.records.failure(digest) !== undefined) return;
      begun = createDownloads(store, layers, options);
      begun.want([...layers.keys()]);
    },
    downloads: () => begun,
    abandon: async (error) => {
      begun?.stop(error);
      await begun?.finished().catch(() => undefined);
    },
  };
}
