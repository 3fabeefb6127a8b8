import { join } from "node:path";
import type { ContentDigest, Digest } from "./digest.ts";

/** Where the original and we keep everything inside a container. */
export const DEFAULT_DATA_DIR = "/data/dockerloader";

/**
 * Every path under the data directory, and nowhere else.
 * The names of the original keep their meaning (links, marker, `storage/v1`); ours are `state/`, `storage/staging`,
 * `storage/partial` and `storage/retained`, outside the three directories in which an app linked with the original deletes unknown names.
 */
export interface Layout {
  readonly dataDir: string;
  /** Link to the stable version's entrypoint. */
  readonly entrypoint: string;
  /** Link to the staged version's entrypoint, written by the app. */
  readonly attempt: string;
  /** Link to the entrypoint on trial, renamed by the loader from `attempt`. */
  readonly attempting: string;
  /** The marker: the digest of the attempt in flight, or of the last one that failed. */
  readonly marker: string;
  readonly blobs: string;
  readonly images: string;
  readonly extracted: string;
  /** Downloads and trees being built; anything here is garbage when nobody holds the store lock. */
  readonly staging: string;
  /** Blobs whose transfer was broken off: of one image at most, the one that was last asked for. */
  readonly partial: string;
  /** Previous good versions. */
  readonly retained: string;
  readonly state: string;
  /** One JSON file for each published tree: what it holds and how it was checked. */
  readonly receipts: string;
  /** One file for each published tree: what its layers did, for reuse by a later image. Only ever a short cut. */
  readonly inventories: string;
  /** One JSON file for each version that may not be tried again. */
  readonly failed: string;
  /** JSON: the version on trial and how often it was started. */
  readonly trial: string;
  /** JSON: the newest version, the one before it, and whether the newest has passed its probation. */
  readonly succession: string;
  /** Link of a trial that the loader has claimed, until its failure is recorded. */
  readonly revoked: string;
  /** The run id of an app that knows the claim protocol (our library and command). */
  readonly handshake: string;
  /** JSON: what the loader does now; written for `dockerloader status`, never read back by the loader. */
  readonly status: string;
  /** JSON: outcome of the last update check. */
  readonly lastCheck: string;
  /** JSON: what the target stood for at the last look, with the registry's own marks of it. Only ever a short cut. */
  readonly sighting: string;
  /** JSON: the versions that ran here, by which a tag is recognised that goes back and forth. */
  readonly steadiness: string;
  /** JSON: the address of the live view, with its token; for this user alone. */
  readonly inspector: string;
  /** JSON lines: everything that happened lately, of every process on this data directory. */
  readonly events: string;
  /** JSON lines: what ran, what was tried and what became of it. */
  readonly history: string;
  /** Present only while no loader runs and the last one ended in order; its absence at a start means: trust nothing. */
  readonly cleanStop: string;
  readonly loaderLock: string;
  readonly storeLock: string;
  readonly blob: (digest: ContentDigest) => string;
  /** What is here of a blob whose transfer was broken off; the next one goes on from there. */
  readonly partialBlob: (digest: ContentDigest) => string;
  readonly image: (digest: Digest) => string;
  readonly tree: (digest: Digest) => string;
  readonly retainedTree: (digest: Digest) => string;
  readonly receipt: (digest: Digest) => string;
  readonly inventory: (digest: Digest) => string;
  /** What a published tree held when it was made durable: one line an entry. Compared after an unclean stop. */
  readonly seal: (digest: Digest) => string;
  readonly failure: (digest: Digest) => string;
  /** The executable of a version. Links point here: absolute, as the original writes them. */
  readonly executable: (digest: Digest) => string;
}

/** The layout of one data directory. Pure; touches nothing. */
export function layoutOf(dataDir: string): Layout {
  const at = (...parts: string[]): string => join(dataDir, ...parts);
  const v1 = (name: string): string => at("storage", "v1", name);
  const layout: Layout = {
    dataDir,
    entrypoint: at("entrypoint"),
    attempt: at("entrypoint-attempt"),
    attempting: at("entrypoint-attempting"),
    marker: at("update-attempt"),
    blobs: v1("blobs"),
    images: v1("images"),
    extracted: v1("extracted"),
    staging: at("storage", "staging"),
    partial: at("storage", "partial"),
    retained: at("storage", "retained"),
    state: at("state"),
    receipts: at("state", "receipts"),
    inventories: at("state", "inventories"),
    failed: at("state", "failed"),
    trial: at("state", "trial.json"),
    succession: at("state", "succession.json"),
    revoked: at("state", "revoked"),
    handshake: at("state", "handshake"),
    status: at("state", "status.json"),
    lastCheck: at("state", "last-check.json"),
    sighting: at("state", "sighting.json"),
    steadiness: at("state", "steadiness.json"),
    inspector: at("state", "inspector.json"),
    events: at("state", "events.jsonl"),
    history: at("state", "history.jsonl"),
    cleanStop: at("state", "clean-stop"),
    loaderLock: at("state", "loader.lock"),
    storeLock: at("state", "store.lock"),
    blob: (digest) => join(v1("blobs"), digest),
    partialBlob: (digest) => at("storage", "partial", digest),
    image: (digest) => join(v1("images"), digest),
    tree: (digest) => join(v1("extracted"), digest),
    retainedTree: (digest) => at("storage", "retained", digest),
    receipt: (digest) => at("state", "receipts", `${digest}.json`),
    inventory: (digest) => at("state", "inventories", `${digest}.jsonl`),
    seal: (digest) => at("state", "receipts", `${digest}.seal`),
    failure: (digest) => at("state", "failed", `${digest}.json`),
    executable: (digest) => join(v1("extracted"), digest, "entrypoint"),
  };
  return Object.freeze(layout);
}
