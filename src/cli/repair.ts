import { digestOf, type Digest } from "../digest.ts";
import { describeError, DockerloaderError } from "../errors.ts";
import { stageImage } from "../pull/extract.ts";
import { pullImage, type PullOptions } from "../pull/pull.ts";
import { parseImageConfig, parseImageManifest } from "../registry/manifest.ts";
import { openSource } from "../registry/open-source.ts";
import type { ImageSource, RemoteImage } from "../registry/source.ts";
import type { Store } from "../store/index.ts";

/**
 * Makes the version a broken entrypoint link names whole again: unpacked from its blobs, which are verified and need no
 * network; else fetched by its digest from where the target is; else the target itself takes its place.
 */
export async function repairStable(store: Store, broken: Digest, options: PullOptions): Promise<Digest> {
  const { config, log } = options;
  const say = (why: unknown): void => log.emit({ type: "loader.warning", message: `${broken}: ${describeError(why)}` });
  try {
    const image = storedImage(store, broken);
    return await unpack(
      store,
      image,
      { name: broken, blob: () => Promise.reject(missing("a layer", broken)) },
      options,
    );
  } catch (error) {
    // A volume that takes nothing from its own blobs takes nothing from a registry either.
    if (error instanceof DockerloaderError && error.details["errno"] === "EROFS") throw error;
    say(error);
  }
  const { target } = config;
  if (target === undefined) {
    throw new DockerloaderError("NOTHING_TO_RUN", `${broken} is damaged and DOCKERLOADER_TARGET is not set`, {
      hint: "set it to an image to fetch a version from",
    });
  }
  const source = openSource(target, options);
  try {
    return await unpack(store, await source.image({ signal: options.signal, digest: broken }), source, options);
  } catch (error) {
    // A registry that is down keeps this version wanted; one that no longer has it leaves only the target.
    if (error instanceof DockerloaderError && error.retryable) throw error;
    say(error);
  } finally {
    source.close();
  }
  return pullImage(store, target, options);
}

async function unpack(
  store: Store,
  image: RemoteImage,
  source: Pick<ImageSource, "name" | "blob">,
  { log, signal }: PullOptions,
): Promise<Digest> {
  const staged = await stageImage(store, image, { source, log, signal, reference: source.name, sharing: "off" });
  await Promise.all([staged.downloaded, staged.published]);
  return image.digest;
}

/** A version as the store holds it. Throws when its manifest or config is missing or not what its name says. */
function storedImage(store: Store, digest: Digest): RemoteImage {
  const manifestBytes = store.images.manifest(digest);
  if (manifestBytes === undefined) throw missing("the manifest", digest);
  const manifest = parseImageManifest(manifestBytes, digest);
  const configBytes = store.blobs.read(manifest.config.digest);
  if (configBytes === undefined || digestOf(configBytes) !== manifest.config.digest)
    throw missing("the config", digest);
  return { digest, manifest, manifestBytes, config: parseImageConfig(configBytes, manifest, digest), configBytes };
}

function missing(what: string, digest: Digest): DockerloaderError {
  return new DockerloaderError("STORE_CORRUPT", `${what} of ${digest} is missing or damaged on the volume`);
}
