import { createHash } from "node:crypto";
import type { Digest } from "../machines/ports.ts";

export type { Digest } from "../machines/ports.ts";

/** A digest of content in an algorithm the image specification registers. A version is always named by sha256. */
export type ContentDigest = Digest | `sha384:${string}` | `sha512:${string}`;

const PATTERN = /^sha256:[a-f0-9]{64}$/;
const CONTENT_PATTERN = /^(?:sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128})$/;

/** True for a well-formed sha256 digest. Checked before a digest of any document reaches a path or a URL (CVE-2024-3727). */
export function isDigest(text: unknown): text is Digest {
  return typeof text === "string" && PATTERN.test(text);
}

/** True for a well-formed digest of any algorithm we compute; lower case only, exact length. */
export function isContentDigest(text: unknown): text is ContentDigest {
  return typeof text === "string" && CONTENT_PATTERN.test(text);
}

/** A running hash that ends in a digest. */
export interface ContentHash {
  readonly update: (chunk: Uint8Array) => void;
  readonly digest: () => ContentDigest;
}

/** Starts a hash in the algorithm of a well-formed digest. */
export function hashLike(digest: ContentDigest): ContentHash {
  const algorithm = digest.slice(0, digest.indexOf(":")) as "sha256" | "sha384" | "sha512";
  const hash = createHash(algorithm);
  return {
    update: (chunk) => void hash.update(chunk),
    digest: () => `${algorithm}:${hash.digest("hex")}`,
  };
}

/** True when the bytes hash to the digest, in its own algorithm. */
export function hashesTo(bytes: Uint8Array, digest: ContentDigest): boolean {
  const hash = hashLike(digest);
  hash.update(bytes);
  return hash.digest() === digest;
}

/** The sha256 digest of the bytes. */
export function digestOf(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** The algorithm and the first 12 hex digits, for people. */
export function shortDigest(digest: string): string {
  return digest.slice(0, digest.indexOf(":") + 1 + 12);
}
