import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { digestOf } from "../digest.ts";
import type { Contents } from "./contents.ts";

export type Uploads = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<boolean>;

/** Blob uploads (distribution-spec, "Pushing blobs"): POST, then PUT whole or PATCH by PATCH. True: it was one. */
export function createUploads({ blobs }: Contents): Uploads {
  const open = new Map<string, Buffer>();

  const accepted = (response: ServerResponse, repository: string, id: string): void => {
    const received = open.get(id)?.length ?? 0;
    response.writeHead(202, {
      location: `/v2/${repository}/blobs/uploads/${id}`,
      "docker-upload-uuid": id,
      range: `0-${Math.max(0, received - 1)}`,
    });
    response.end();
  };

  const finish = (response: ServerResponse, repository: string, digest: string, bytes: Buffer): void => {
    if (digestOf(bytes) !== digest) {
      response.writeHead(400, { "content-type": "application/json" });
      response.end(JSON.stringify({ errors: [{ code: "DIGEST_INVALID", message: "the content has another digest" }] }));
      return;
    }
    blobs.set(digest, bytes);
    response.writeHead(201, { location: `/v2/${repository}/blobs/${digest}`, "docker-content-digest": digest });
    response.end();
  };

  return async (request, response, url) => {
    const match = /^\/v2\/(.+)\/blobs\/uploads\/([\w-]*)$/.exec(url.pathname);
    if (match === null) return false;
    const [, repository = "", id = ""] = match;
    const body = await buffer(request);
    const digest = url.searchParams.get("digest");
    if (request.method === "POST" && digest !== null) finish(response, repository, digest, body);
    else if (request.method === "POST") {
      const upload = randomUUID();
      open.set(upload, Buffer.alloc(0));
      accepted(response, repository, upload);
    } else {
      const bytes = Buffer.concat([open.get(id) ?? Buffer.alloc(0), body]);
      open.set(id, bytes);
      if (request.method === "PUT" && digest !== null) finish(response, repository, digest, bytes);
      else accepted(response, repository, id);
    }
    return true;
  };
}
