import { rmSync } from "node:fs";
import type { ContentDigest } from "../digest.ts";
import type { Limits } from "../limits.ts";
import { LIMITS } from "../limits.ts";
import type { LayerFeed } from "./feed.ts";
import type { Helper } from "./files.ts";
import type { UnpackReport } from "./image.ts";
import { applyImage } from "./image.ts";
import { readBlob } from "./read-blob.ts";
import type { ReuseRequest } from "./reuse.ts";
import { Rootfs } from "./rootfs.ts";

/** One layer of an image, lowest first. */
export interface LayerSource {
  /** Absolute path of the compressed blob: verified, and there once the gate says so. */
  readonly path: string;
  readonly mediaType: string;
  readonly digest: ContentDigest;
  readonly diffId: ContentDigest;
  /** Compressed bytes. */
  readonly size: number;
}

export interface UnpackRequest {
  /** An existing, empty, private directory. */
  readonly root: string;
  readonly layers: readonly LayerSource[];
  readonly limits?: Partial<Limits>;
  /** A tree that begins with the same layers, to take files from. */
  readonly reuse?: ReuseRequest;
  /** A file to write the inventory of the tree to; it must not exist. */
  readonly inventory?: string;
  /** A file to write the seal of the tree to (see `src/store/seal.ts`); it must not exist, and may not come to. */
  readonly seal?: string;
  /** Restore owners. Default: when the process is root. */
  readonly owners?: boolean;
}

/** What a request needs of the thread that does it. */
export interface RequestContext {
  readonly feed: LayerFeed;
  /** See LayerGate. */
  readonly needs: (layers: readonly number[]) => void;
  /** Starts a thread that helps, if there is to be one. */
  readonly helperOf?: (owners: boolean) => Helper | undefined;
  readonly pause?: () => Promise<void> | void;
}

/**
 * Does what a request asks, on the calling thread and with the helper, if there is one: system calls block it, decompression does not.
 * Layers are applied while they arrive. When one of them turned out to begin with other bytes than those that were verified in the
 * end, and came to a fault, all is done once more from verified blobs: a fault is only ever told of bytes that are the layer's.
 */
export async function runRequest(request: UnpackRequest, context: RequestContext): Promise<UnpackReport> {
  try {
    return await apply(request, context, true);
  } catch (error) {
    if (!context.feed.misled) throw error;
    clear(request);
    return apply(request, context, false);
  }
}

function apply(request: UnpackRequest, context: RequestContext, early: boolean): Promise<UnpackReport> {
  const { reuse, inventory, seal } = request;
  const { feed, needs, helperOf, pause } = context;
  const layers = request.layers.map((layer, index) => ({
    ...layer,
    open: async function* () {
      if (!early) await feed.verified(index);
      yield* readBlob(layer.path, index, feed);
    },
  }));
  const owners = request.owners ?? process.geteuid?.() === 0;
  return applyImage(request.root, layers, {
    limits: { ...LIMITS, ...request.limits },
    owners,
    gate: { needs, ready: (layer) => feed.verified(layer) },
    helper: helperOf?.(owners),
    ...(reuse === undefined ? {} : { reuse }),
    ...(inventory === undefined ? {} : { inventory }),
    ...(seal === undefined ? {} : { seal }),
    ...(pause === undefined ? {} : { pause }),
  });
}

/** Takes back everything that was made. */
function clear({ root, inventory, seal }: UnpackRequest): void {
  new Rootfs(root).clear();
  for (const file of [inventory, seal]) if (file !== undefined) rmSync(file, { force: true });
}
