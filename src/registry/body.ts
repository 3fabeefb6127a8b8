import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { DockerloaderError } from "../errors.ts";
import { transportFailure } from "./failures.ts";
import type { Answer } from "./http.ts";

export interface ReadOptions {
  /** A part will do: what is more is left unread. */
  readonly truncate?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Reads a body of at most `most` bytes, counted as they arrive; more is an error unless `truncate` says that a part will do. */
export async function readBody(answer: Answer, most: number, { truncate, signal }: ReadOptions = {}): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer.body) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size > most) break;
    }
  } catch (error) {
    throw transportFailure(error, answer.url.host, signal);
  } finally {
    answer.drop();
  }
  if (size > most && truncate !== true) {
    throw new DockerloaderError(
      "REGISTRY_PROTOCOL",
      `${answer.url.host} sent more than ${most} bytes where a small document was expected`,
      { hint: "check that the target is a registry" },
    );
  }
  return Buffer.concat(chunks).subarray(0, most);
}

/**
 * What a small body says once its Content-Encoding is taken off, for servers that encode although nobody asked them to.
 * Undefined: there is none, or it lies. At most `most` bytes.
 */
export function decoded(bytes: Buffer, encoding: string | undefined, most: number): Buffer | undefined {
  const options = { maxOutputLength: most };
  try {
    if (encoding === "gzip" || encoding === "x-gzip") return gunzipSync(bytes, options);
    if (encoding === "zstd") return zstdDecompressSync(bytes, options);
  } catch {
    // It lies.
  }
  return undefined;
}
