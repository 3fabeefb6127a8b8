import { digestOf, isDigest, type Digest } from "../digest.ts";

export interface StoredManifest {
  readonly bytes: Buffer;
  readonly mediaType: string;
}

/** What the registry holds, in memory. */
export interface Contents {
  readonly blobs: Map<string, Buffer>;
  readonly putManifest: (repository: string, reference: string, bytes: Buffer, mediaType: string) => Digest;
  readonly manifest: (repository: string, reference: string) => StoredManifest | undefined;
}

export function createContents(): Contents {
  const manifests = new Map<string, StoredManifest>();
  const tags = new Map<string, Digest>();
  return {
    blobs: new Map(),
    putManifest: (repository, reference, bytes, mediaType) => {
      const digest = digestOf(bytes);
      manifests.set(`${repository}@${digest}`, { bytes, mediaType });
      if (!isDigest(reference)) tags.set(`${repository}:${reference}`, digest);
      return digest;
    },
    manifest: (repository, reference) => {
      const digest = isDigest(reference) ? reference : tags.get(`${repository}:${reference}`);
      return digest === undefined ? undefined : manifests.get(`${repository}@${digest}`);
    },
  };
}
