import { createReadStream } from "node:fs";
import type { ContentDigest } from "../digest.ts";
import type { Limits } from "../limits.ts";
import { LIMITS } from "../limits.ts";
import type { Helper } from "./files.ts";
import type { LayerGate } from "./gate.ts";
import type { UnpackReport } from "./image.ts";
import { applyImage } from "./image.ts";
import type { ReuseRequest } from "./reuse.ts";

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

/** Bytes read of a blob at a time. */
const READ_BYTES = 1024 * 1024;

/** Does what a request asks, on the calling thread and with the helper, if there is one: system calls block it, decompression does not. */
export function runRequest(
  request: UnpackRequest,
  gate: LayerGate,
  helperOf: (owners: boolean) => Helper | undefined,
  pause?: () => Promise<void> | void,
): Promise<UnpackReport> {
  const { reuse, inventory, seal } = request;
  const layers = request.layers.map((layer) => ({
    ...layer,
    open: () => createReadStream(layer.path, { highWaterMark: READ_BYTES }),
  }));
  const owners = request.owners ?? process.geteuid?.() === 0;
  return applyImage(request.root, layers, {
    limits: { ...LIMITS, ...request.limits },
    owners,
    gate,
    helper: helperOf(owners),
    ...(reuse === undefined ? {} : { reuse }),
    ...(inventory === undefined ? {} : { inventory }),
    ...(seal === undefined ? {} : { seal }),
    ...(pause === undefined ? {} : { pause }),
  });
}
