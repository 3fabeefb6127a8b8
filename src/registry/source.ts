import type { ContentDigest, Digest } from "../digest.ts";
import type { Descriptor, ImageConfig, ImageManifest } from "./manifest.ts";

/** An image as its source has it, manifest and config verified. Immutable. */
export interface RemoteImage {
  /** The digest of the platform's manifest: the identity of a version. */
  readonly digest: Digest;
  readonly manifest: ImageManifest;
  readonly manifestBytes: Buffer;
  readonly config: ImageConfig;
  readonly configBytes: Buffer;
}

/** Where the bytes of a blob go: written in order; `reset` when the transfer starts again from the first byte. */
export interface BlobSink {
  /** Hands over what an earlier transfer left, in order, and answers its length. Default: nothing. */
  readonly kept?: (take: (chunk: Uint8Array) => void) => Promise<number>;
  /** Takes the chunk over: nobody may use it afterwards. */
  readonly write: (chunk: Uint8Array) => Promise<void> | void;
  readonly reset: () => Promise<void> | void;
}

export interface Cancellable {
  readonly signal?: AbortSignal | undefined;
}

export interface ImageOptions extends Cancellable {
  readonly digest?: Digest;
  /** Hears of the manifest while the config is on its way, from a source where that takes time. */
  readonly ahead?: (image: Pick<RemoteImage, "digest" | "manifest">) => void;
}

/** What a registry says of its limit (`RateLimit-*` headers). Requests, seconds. */
export interface RateLimit {
  readonly host: string;
  readonly limit: number;
  readonly remaining: number;
  readonly windowSecs: number;
}

/**
 * One target, wherever it lives: a repository of a registry, an OCI image layout or an archive. Everything else pulls
 * through this. Every rejection is a DockerloaderError; nothing that fails holds a credential.
 */
export interface ImageSource {
  /** The target in its canonical form, for messages and receipts. */
  readonly name: string;
  /** The target names one content for good: it never has an update. */
  readonly pinned: ContentDigest | undefined;
  /** The digest that the target stands for on this platform now. One HEAD without a body when nothing has changed. */
  readonly resolve: (options?: Cancellable) => Promise<Digest>;
  /** Manifest and config: of this version when a digest is given, else of what the target stands for now. */
  readonly image: (options?: ImageOptions) => Promise<RemoteImage>;
  /** Streams a blob; verified when it resolves. */
  readonly blob: (descriptor: Descriptor, sink: BlobSink, options?: Cancellable) => Promise<void>;
  /** The newest that the registry said of its limit; undefined when it said nothing. */
  readonly rateLimit: () => RateLimit | undefined;
  /** Our clock minus the registry's, in milliseconds, as it last said its time (whole seconds). */
  readonly clockSkewMs: () => number | undefined;
  readonly close: () => void;
}
