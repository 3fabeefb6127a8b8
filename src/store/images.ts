import { digestOf, type Digest, isDigest } from "../digest.ts";
import type { Layout } from "../layout.ts";
import type { Durable } from "./durable.ts";
import type { FileSystem } from "./fs.ts";
import { listNames, readIfPresent } from "./reads.ts";

export interface Images {
  readonly list: () => readonly Digest[];
  /** The raw manifest, only when its hash is its name: what the original wrote (re-serialised) is fetched again. */
  readonly manifest: (digest: Digest) => Buffer | undefined;
  /** The manifest's text as it is, for garbage collection; never trusted for content. */
  readonly unverified: (digest: Digest) => string | undefined;
  readonly put: (digest: Digest, manifest: Uint8Array) => void;
}

export function createImages(layout: Layout, fs: FileSystem, durable: Durable): Images {
  const read = (digest: Digest): Buffer | undefined =>
    readIfPresent(layout.image(digest), () => fs.readFileSync(layout.image(digest)), ["EISDIR"]);
  return {
    list: () => listNames(fs, layout.images).filter(isDigest),
    manifest: (digest) => {
      const bytes = read(digest);
      return bytes !== undefined && digestOf(bytes) === digest ? bytes : undefined;
    },
    unverified: (digest) => read(digest)?.toString("utf8"),
    put: (digest, manifest) => durable.publishFile(layout.image(digest), manifest),
  };
}
