import type { Environment } from "../config/load.ts";
import type { Digest } from "../digest.ts";
import { DockerloaderError } from "../errors.ts";
import { LIMITS, type Limits } from "../limits.ts";
import { createAuthorizer } from "./authorize.ts";
import { type BlobSink, fetchBlob } from "./fetch-blob.ts";
import { type Fetched, type FetchContext, fetchDocument } from "./fetch-document.ts";
import { createHttp } from "./http.ts";
import { chooseManifest } from "./index-document.ts";
import {
  type Descriptor,
  type ImageConfig,
  type ImageManifest,
  parseImageConfig,
  parseImageManifest,
} from "./manifest.ts";
import { fitness, formatPlatform, hostPlatform, type Platform } from "./platform.ts";
import { createTagWatch } from "./tag-watch.ts";
import { formatReference, type Reference } from "./reference.ts";
import { withRetry } from "./retry.ts";

/** An image as a registry has it, manifest and config verified. Immutable. */
export interface RemoteImage {
  readonly reference: Reference;
  /** The digest of the platform's manifest: the identity of a version. */
  readonly digest: Digest;
  readonly manifest: ImageManifest;
  readonly manifestBytes: Buffer;
  readonly config: ImageConfig;
  readonly configBytes: Buffer;
}

export interface ClientOptions {
  readonly env?: Environment;
  readonly authFile?: string;
  readonly insecureRegistries?: readonly string[];
  readonly limits?: Partial<Limits>;
  readonly random?: () => number;
}

export interface RequestOptions {
  readonly platform?: Platform;
  readonly signal?: AbortSignal;
}

/** Pulls from OCI registries. Every rejection is a DockerloaderError; nothing that fails holds a credential. */
export interface RegistryClient {
  /** The digest that the reference stands for on this platform now. One HEAD without a body when nothing has changed. */
  readonly resolve: (reference: Reference, options?: RequestOptions) => Promise<Digest>;
  /** Manifest and config. A reference with a digest pins it, whatever is pushed meanwhile. */
  readonly image: (reference: Reference, options?: RequestOptions) => Promise<RemoteImage>;
  /** Streams a blob; verified when it resolves. */
  readonly blob: (
    reference: Reference,
    descriptor: Descriptor,
    sink: BlobSink,
    options?: { signal?: AbortSignal },
  ) => Promise<void>;
  readonly close: () => void;
}

export type { BlobSink } from "./fetch-blob.ts";

export function createRegistryClient(options: ClientOptions = {}): RegistryClient {
  const env = options.env ?? process.env;
  const insecure = options.insecureRegistries ?? [];
  const random = options.random ?? Math.random;
  const limits: Limits = { ...LIMITS, ...options.limits };
  const http = createHttp({ env, limits, insecure });
  const authorizer = createAuthorizer({ http, env, authFile: options.authFile, insecure, limits });
  const context: FetchContext = { authorizer, limits };

  const retrying = <T>(signal: AbortSignal | undefined, action: () => Promise<T>): Promise<T> =>
    withRetry({ limits, random, signal }, action);

  const image: RegistryClient["image"] = async (reference, { platform = hostPlatform(), signal } = {}) => {
    const fetched = await retrying(signal, () => fetchImageManifest(reference, platform, context, signal));
    const source = formatReference(reference);
    const manifest = parseImageManifest(fetched.bytes, source);
    const configBytes = await fetchSmall(reference, manifest.config, signal);
    const config = parseImageConfig(configBytes, manifest, source);
    if (fitness(platform, config) === undefined) {
      throw new DockerloaderError(
        "PLATFORM_MISSING",
        `${source} is built for ${formatPlatform(config)}, wanted is ${formatPlatform(platform)}`,
        {
          hint: "push an image for this platform, or set DOCKERLOADER_PLATFORM",
        },
      );
    }
    const { digest, bytes: manifestBytes } = fetched;
    return { reference, digest, manifest, manifestBytes, config, configBytes };
  };

  const fetchSmall = async (
    reference: Reference,
    descriptor: Descriptor,
    signal: AbortSignal | undefined,
  ): Promise<Buffer> => {
    let chunks: Uint8Array[] = [];
    const sink: BlobSink = { write: (chunk) => void chunks.push(chunk), reset: () => void (chunks = []) };
    await fetchBlob(reference, descriptor, sink, context, { limits, random, signal });
    return Buffer.concat(chunks);
  };

  const watch = createTagWatch(context);
  return {
    image,
    resolve: (reference, { platform = hostPlatform(), signal } = {}) =>
      retrying(signal, () =>
        watch(reference, platform, signal, () => fetchImageManifest(reference, platform, context, signal)),
      ),
    blob: (reference, descriptor, sink, { signal } = {}) =>
      fetchBlob(reference, descriptor, sink, context, { limits, random, signal }),
    close: http.close,
  };
}

/** Follows indexes down to the platform's image manifest; at most `limits.indexDepth` of them, none twice. */
async function fetchImageManifest(
  reference: Reference,
  platform: Platform,
  context: FetchContext,
  signal: AbortSignal | undefined,
): Promise<Fetched & { top: Fetched }> {
  const top = await fetchDocument(reference, context, signal);
  let current = top;
  for (let depth = 0; "manifests" in current.document; depth += 1) {
    if (depth >= context.limits.indexDepth) {
      throw new DockerloaderError(
        "MANIFEST_INVALID",
        `${formatReference(reference)} nests indexes more than ${context.limits.indexDepth} deep`,
      );
    }
    const { digest } = chooseManifest(current.document, platform, formatReference(reference));
    current = await fetchDocument(
      { registry: reference.registry, repository: reference.repository, digest },
      context,
      signal,
    );
  }
  return { ...current, top };
}
