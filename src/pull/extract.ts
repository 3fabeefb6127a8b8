import type { Digest } from "../digest.ts";
import { toDockerloaderError } from "../errors.ts";
import type { Logger } from "../log/logger.ts";
import type { RemoteImage } from "../registry/source.ts";
import { type Store, sweepStorage } from "../store/index.ts";
import type { ReuseRequest, Sharing, UnpackReport } from "../unpack/index.ts";
import { receiveImage, type ReceiveOptions } from "./receive.ts";

export interface StageOptions extends ReceiveOptions {
  /** What the target named when it was resolved. */
  readonly reference: string;
  /** How files of layers that a version on disk has too may be reused. */
  readonly sharing: Sharing | "off";
}

/** An image on its way into the store. Both promises reject with the same failure, and nothing of the tree is left then. */
export interface StagedImage {
  /** Blobs, config and manifest are durable. */
  readonly downloaded: Promise<void>;
  /** The tree is published: complete, verified, durable, and it can be executed. */
  readonly published: Promise<void>;
}

/** A layer that is what its digest says and breaks these cannot get better by another try. */
const INTEGRITY = new Set<string>(["DIFF_ID_MISMATCH", "LAYER_CORRUPT", "LAYER_HOSTILE"]);

/**
 * Downloads an image and unpacks it into a published tree. A tree that is there and can run is kept. Nothing is visible under the
 * digest before every layer is applied and verified and the entrypoint is checked. The caller holds the store lock.
 */
export async function stageImage(store: Store, image: RemoteImage, options: StageOptions): Promise<StagedImage> {
  const { digest, config } = image;
  if (store.trees.receipt(digest) !== undefined && store.trees.fault(digest) === undefined) {
    store.blobs.put(image.manifest.config.digest, image.configBytes);
    store.images.put(digest, image.manifestBytes);
    return { downloaded: Promise.resolve(), published: Promise.resolve() };
  }
  await sweepStorage(store);
  const tree = store.trees.begin();
  const reuse = reuseFor(store, image, options.sharing);
  const { root, inventory, seal } = tree;
  const incoming = receiveImage(store, image, { root, inventory, seal, ...(reuse && { reuse }) }, options);
  const publish = async (): Promise<void> => {
    try {
      const report = await incoming.unpacked;
      await incoming.downloaded;
      tellOf(report, digest, options);
      const { entries, bytes, linkedFiles } = report;
      const linked = linkedFiles > 0;
      const { labels, diffIds: layers } = config;
      await tree.publish({ digest, reference: options.reference, entries, bytes, labels, layers, linked });
    } catch (error) {
      await markCorrupt(store, image, error, options.log);
      throw error;
    } finally {
      await tree.discard();
    }
  };
  const published = publish();
  // After a failure of the download nobody may be waiting for this; what is left is removed before either is heard of.
  const downloaded = incoming.downloaded.catch(async (error: unknown) => {
    await published.catch(() => undefined);
    throw error;
  });
  published.catch(() => undefined);
  return { downloaded, published };
}

function tellOf(
  { entries, bytes, warnings, reusedLayers }: UnpackReport,
  digest: Digest,
  { log }: Pick<StageOptions, "log">,
): void {
  for (const message of warnings) log.emit({ type: "image.warning", digest, message });
  log.emit({ type: "image.extracted", digest, entries, bytes, reusedLayers });
}

/** The tree on disk that has most of the first layers, if any. */
function reuseFor(store: Store, image: RemoteImage, sharing: StageOptions["sharing"]): ReuseRequest | undefined {
  const donor = sharing === "off" ? undefined : store.trees.donor(image.config.diffIds);
  return donor === undefined || sharing === "off" ? undefined : { ...donor, sharing, volumes: image.config.volumes };
}

/** Records a digest that can never be unpacked, so that it is not tried again; not when a blob has changed on disk meanwhile. */
async function markCorrupt(store: Store, image: RemoteImage, error: unknown, log: Logger): Promise<void> {
  const { code, message } = toDockerloaderError(error);
  if (!INTEGRITY.has(code)) return;
  for (const { digest, size } of image.manifest.layers) {
    const there = store.blobs.size(digest) !== undefined;
    if (there && !(await store.blobs.verify(digest, size))) return;
  }
  const record = { digest: image.digest, reason: { kind: "corrupt", message } as const, at: new Date().toISOString() };
  store.records.addFailure(record);
  log.emit({ type: "version.blamed", ...record });
}
