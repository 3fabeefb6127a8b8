import { randomUUID } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { digestOf } from "../digest.ts";
import type { Contents } from "./contents.ts";
import { type Exchange, send, sendError } from "./exchange.ts";

/** Serves a request of an upload; answers false when it was none. */
export type Uploads = (exchange: Exchange) => Promise<boolean>;

const ROUTE = /^\/v2\/(.+)\/blobs\/uploads\/([\w-]*)$/;

/** Blob uploads (distribution-spec, "Pushing blobs"): POST with the digest, or POST, any number of PATCH, and PUT. */
export function createUploads({ blobs }: Contents): Uploads {
  const open = new Map<string, Buffer>();

  const progress = (exchange: Exchange, status: number, repository: string, id: string, bytes: Buffer): void => {
    open.set(id, bytes);
    send(exchange, status, {
      location: `/v2/${repository}/blobs/uploads/${id}`,
      "docker-upload-uuid": id,
      range: `0-${Math.max(0, bytes.length - 1)}`,
    });
  };

  const finish = (exchange: Exchange, repository: string, digest: string, bytes: Buffer): void => {
    if (digestOf(bytes) !== digest) return sendError(exchange, 400, "DIGEST_INVALID");
    blobs.set(digest, bytes);
    send(exchange, 201, { location: `/v2/${repository}/blobs/${digest}`, "docker-content-digest": digest });
  };

  const resume = (exchange: Exchange, repository: string, id: string, body: Buffer): void => {
    const { method, headers } = exchange.request;
    const received = open.get(id);
    if (received === undefined) return sendError(exchange, 404, "BLOB_UPLOAD_UNKNOWN");
    if (method === "GET") return progress(exchange, 204, repository, id, received);
    if (method === "DELETE") {
      open.delete(id);
      return send(exchange, 204);
    }
    const start = /^(?:bytes )?(\d+)-/.exec(headers["content-range"] ?? "")?.[1];
    if (start !== undefined && Number(start) !== received.length)
      return sendError(exchange, 416, "BLOB_UPLOAD_INVALID", { range: `0-${Math.max(0, received.length - 1)}` });
    const bytes = Buffer.concat([received, body]);
    if (method === "PATCH") return progress(exchange, 202, repository, id, bytes);
    if (method !== "PUT") return sendError(exchange, 405, "UNSUPPORTED");
    open.delete(id);
    finish(exchange, repository, exchange.url.searchParams.get("digest") ?? "", bytes);
  };

  return async (exchange) => {
    const match = ROUTE.exec(exchange.url.pathname);
    if (match === null) return false;
    const [, repository = "", id = ""] = match;
    const body = await buffer(exchange.request);
    const digest = exchange.url.searchParams.get("digest");
    if (id !== "") resume(exchange, repository, id, body);
    else if (exchange.request.method !== "POST") sendError(exchange, 405, "UNSUPPORTED");
    else if (digest === null) progress(exchange, 202, repository, randomUUID(), Buffer.alloc(0));
    else finish(exchange, repository, digest, body);
    return true;
  };
}
