import { createReadStream } from "node:fs";
import type { Digest } from "../digest.ts";
import { DockerloaderError } from "../errors.ts";
import { openConnection, type RegistrySettings } from "../registry/connection.ts";
import { type FetchContext, requireSuccess } from "../registry/fetch-document.ts";
import type { Answer } from "../registry/http.ts";
import type { Endpoint } from "../registry/mirrors.ts";
import type { Reference } from "../registry/reference.ts";
import type { Environment } from "../config/load.ts";
import { blobPath, type PackedImage } from "./image.ts";

export interface PushOptions {
  readonly env: Environment;
  readonly settings: RegistrySettings;
  readonly onWarning: (message: string) => void;
  readonly signal: AbortSignal;
}

/** Pushes an image of a layout under a tag: blobs that the registry has are not sent again (distribution-spec, "Pushing"). */
export async function pushImage(
  layout: string,
  image: PackedImage,
  reference: Reference,
  { signal, ...options }: PushOptions,
): Promise<void> {
  const connection = openConnection(reference, { ...options, onNote: options.onWarning });
  const { authorizer } = connection.context;
  const endpoint: Endpoint = { reference, query: "", mirror: false };
  const context: Context = { fetching: connection.context, endpoint, signal };
  try {
    for (const blob of image.blobs) await pushBlob(layout, blob, context);
    const path = `manifests/${reference.tag ?? image.digest}`;
    const answer = await authorizer.ask(endpoint, path, {
      method: "PUT",
      headers: { "content-type": image.mediaType },
      body: () => image.manifest,
      signal,
    });
    await settle(answer, [201], context);
  } finally {
    connection.close();
  }
}

interface Context {
  readonly fetching: FetchContext;
  readonly endpoint: Endpoint;
  readonly signal: AbortSignal;
}

async function pushBlob(
  layout: string,
  { digest, size }: { readonly digest: Digest; readonly size: number },
  context: Context,
): Promise<void> {
  const { endpoint, signal } = context;
  const { authorizer } = context.fetching;
  const there = await authorizer.ask(endpoint, `blobs/${digest}`, { method: "HEAD", signal });
  if (there.status === 200) return there.drop();
  await settle(there, [404], context);
  const begun = await authorizer.ask(endpoint, `blobs/uploads/`, {
    method: "POST",
    headers: { "content-length": "0" },
    body: () => Buffer.alloc(0),
    signal,
  });
  await settle(begun, [202], context);
  const target = new URL(begun.header("location") ?? "", begun.url);
  if (begun.header("location") === undefined || target.origin !== begun.url.origin) {
    throw new DockerloaderError("REGISTRY_PROTOCOL", `${begun.url.host} wants blobs sent to ${target.host}`, {
      hint: "push to the registry itself, not to a mirror of it",
    });
  }
  target.searchParams.set("digest", digest);
  const sent = await authorizer.ask(endpoint, target.href, {
    method: "PUT",
    headers: { "content-type": "application/octet-stream", "content-length": String(size) },
    body: () => createReadStream(blobPath(layout, digest)),
    signal,
  });
  await settle(sent, [201], context);
}

async function settle(answer: Answer, expected: readonly number[], context: Context): Promise<void> {
  await requireSuccess(answer, expected, context.endpoint, context.fetching);
  answer.drop();
}
