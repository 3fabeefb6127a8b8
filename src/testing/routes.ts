import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { digestOf } from "../digest.ts";
import type { Contents } from "./contents.ts";
import { type Fault, sendWithFault } from "./faults.ts";

/** One request on its way to an answer. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly fault: Fault | undefined;
}

export function send(
  { request, response, fault }: Exchange,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): void {
  response.writeHead(status, { ...headers, "content-length": String(body.length) });
  if (request.method === "HEAD") response.end();
  else sendWithFault(response, body, fault);
}

/** An error in the form of the distribution specification. */
export function sendError(exchange: Exchange, status: number, code: string): void {
  const body = { errors: [{ code, message: code.toLowerCase().replaceAll("_", " ") }] };
  send(
    { ...exchange, fault: undefined },
    status,
    { "content-type": "application/json" },
    Buffer.from(JSON.stringify(body)),
  );
}

export async function serveManifest(
  contents: Contents,
  exchange: Exchange,
  repository: string,
  reference: string,
): Promise<void> {
  const { request, response } = exchange;
  if (request.method === "PUT") {
    const type = request.headers["content-type"] ?? "";
    const digest = contents.putManifest(repository, reference, await buffer(request), type);
    response
      .writeHead(201, { "docker-content-digest": digest, location: `/v2/${repository}/manifests/${digest}` })
      .end();
    return;
  }
  const found = contents.manifest(repository, reference);
  if (found === undefined) return sendError(exchange, 404, "MANIFEST_UNKNOWN");
  const digest = digestOf(found.bytes);
  const headers = { "docker-content-digest": digest, etag: `"${digest}"` };
  if (request.headers["if-none-match"] === headers.etag) response.writeHead(304, headers).end();
  else send(exchange, 200, { ...headers, "content-type": found.mediaType }, found.bytes);
}

export function serveBlob(contents: Contents, exchange: Exchange, digest: string): void {
  const blob = contents.blobs.get(digest);
  if (blob === undefined) return sendError(exchange, 404, "BLOB_UNKNOWN");
  const headers = {
    "content-type": "application/octet-stream",
    "docker-content-digest": digest,
    "accept-ranges": "bytes",
  };
  const from = /^bytes=(\d+)-$/.exec(exchange.request.headers.range ?? "")?.[1];
  if (from === undefined) return send(exchange, 200, headers, blob);
  if (Number(from) >= blob.length) return sendError(exchange, 416, "RANGE_INVALID");
  const range = `bytes ${from}-${blob.length - 1}/${blob.length}`;
  send(exchange, 206, { ...headers, "content-range": range }, blob.subarray(Number(from)));
}
