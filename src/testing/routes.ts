import { buffer } from "node:stream/consumers";
import { digestOf, isDigest } from "../digest.ts";
import type { Contents } from "./contents.ts";
import { type Exchange, send, sendError } from "./exchange.ts";
import { parseRange } from "./range.ts";

const isRead = (method: string | undefined): boolean => method === "GET" || method === "HEAD";

/** Manifests by tag or digest (distribution-spec, "Pulling manifests" and "Pushing Manifests"), with ETags. */
export async function serveManifest(
  contents: Contents,
  exchange: Exchange,
  repository: string,
  reference: string,
): Promise<void> {
  const { method, headers } = exchange.request;
  if (method === "PUT") return storeManifest(contents, exchange, repository, reference);
  if (!isRead(method)) return sendError(exchange, 405, "UNSUPPORTED");
  const found = contents.manifest(repository, reference);
  if (found === undefined) return sendError(exchange, 404, "MANIFEST_UNKNOWN");
  const digest = digestOf(found.bytes);
  const etag = `"${digest}"`;
  const identity = { "docker-content-digest": digest, etag };
  const known = (headers["if-none-match"] ?? "").split(",").map((tag) => tag.trim());
  if (known.includes(etag)) send(exchange, 304, identity);
  else send(exchange, 200, { ...identity, "content-type": found.mediaType }, found.bytes);
}

async function storeManifest(contents: Contents, exchange: Exchange, repository: string, reference: string) {
  const bytes = await buffer(exchange.request);
  if (isDigest(reference) && digestOf(bytes) !== reference) return sendError(exchange, 400, "DIGEST_INVALID");
  const mediaType = exchange.request.headers["content-type"] ?? "";
  const digest = contents.putManifest(repository, reference, bytes, mediaType);
  send(exchange, 201, { "docker-content-digest": digest, location: `/v2/${repository}/manifests/${digest}` });
}

/** Blobs, whole or in part (distribution-spec, "Pulling blobs"). Repositories share their blobs. */
export function serveBlob(contents: Contents, exchange: Exchange, digest: string): void {
  if (!isRead(exchange.request.method)) return sendError(exchange, 405, "UNSUPPORTED");
  const blob = contents.blobs.get(digest);
  if (blob === undefined) return sendError(exchange, 404, "BLOB_UNKNOWN");
  const headers = {
    "content-type": "application/octet-stream",
    "docker-content-digest": digest,
    "accept-ranges": "bytes",
  };
  const range = parseRange(exchange.request.headers.range, blob.length);
  if (range === undefined) return send(exchange, 200, headers, blob);
  if (range === "unsatisfiable")
    return sendError(exchange, 416, "RANGE_INVALID", { "content-range": `bytes */${blob.length}` });
  const part = blob.subarray(range.first, range.last + 1);
  send(exchange, 206, { ...headers, "content-range": `bytes ${range.first}-${range.last}/${blob.length}` }, part);
}
