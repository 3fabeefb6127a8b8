import { createHash } from "node:crypto";
import type { Digest } from "../machines/ports.ts";

export type { Digest } from "../machines/ports.ts";

const PATTERN = /^sha256:[a-f0-9]{64}$/;

/** True for a well-formed sha256 digest. Checked before a digest of any document reaches a path or a URL (CVE-2024-3727). */
export function isDigest(text: unknown): text is Digest {
  return typeof text === "string" && PATTERN.test(text);
}

/** The sha256 digest of the bytes. */
export function digestOf(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** `sha256:` and the first 12 hex digits, for people. */
export function shortDigest(digest: string): string {
  return digest.slice(0, "sha256:".length + 12);
}
