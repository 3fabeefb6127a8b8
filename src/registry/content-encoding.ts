import { pipeline, type Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";

const DECODERS = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  zstd: createZstdDecompress,
} as const;

/**
 * Takes a Content-Encoding off a body, for proxies that encode although nobody asked them to. Undefined: none that we
 * know. Errors of the body come through.
 */
export function withoutEncoding(body: Readable, encoding: string | undefined): Readable | undefined {
  if (encoding === undefined || !Object.hasOwn(DECODERS, encoding)) return undefined;
  const decoder = DECODERS[encoding as keyof typeof DECODERS]();
  return pipeline(body, decoder, () => {});
}
