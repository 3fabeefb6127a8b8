import { createReadStream } from "node:fs";
import type { Digest } from "../digest.ts";
import { DockerloaderError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { createAuthorizer, type Authorizer } from "../registry/authorize.ts";
import { requireSuccess } from "../registry/fetch-document.ts";
import { baseUrl } from "../registry/hosts.ts";
import { type Answer, createHttp } from "../registry/http.ts";
import type { Reference } from "../registry/reference.ts";
import type { Environment } from "../config/load.ts";
import { blobPath, type PackedImage } from "./image.ts";

export interface PushOptions {
  readonly env: Environment;
  readonly authFile?: string | undefined;
  readonly insecureRegistries: readonly string[];
  readonly signal: AbortSignal;
}

/** Pushes an image of a layout under a tag: blobs that the registry has are not sent again (distribution-spec, "Pushing"). */
export async function pushImage(
  layout: string,
  image: PackedImage,
  reference: Reference,
  { env, authFile, insecureRegistries: insecure, signal }: PushOptions,
): Promise<void> {
  const http = createHttp({ env, limits: LIMITS, insecure });
  const authorizer = createAuthorizer({ http, env, authFile, insecure, limits: LIMITS });
  const context: Context = { authorizer, reference, insecure, signal };
  try {
    for (const blob of image.blobs) await pushBlob(layout, blob, context);
    const path = `${reference.repository}/manifests/${reference.tag ?? image.digest}`;
    const answer = await authorizer.ask(reference, path, {
      method: "PUT",
      headers: { "content-type": image.mediaType },
      body: () => image.manifest,
      signal,
    });
    await settle(answer, [201], context);
  } finally {
    http.close();
  }
}

interface Context {
  readonly authorizer: Authorizer;
  readonly reference: Reference;
  readonly insecure: readonly string[];
  readonly signal: AbortSignal;
}

async function pushBlob(
  layout: string,
  { digest, size }: { readonly digest: Digest; readonly size: number },
  context: Context,
): Promise<void> {
  const { authorizer, reference, insecure, signal } = context;
  const repository = reference.repository;
  const there = await authorizer.ask(reference, `${repository}/blobs/${digest}`, { method: "HEAD", signal });
  if (there.status === 200) return void there.body.on("error", () => {}).destroy();
  await settle(there, [404], context);
  const begun = await authorizer.ask(reference, `${repository}/blobs/uploads/`, {
    method: "POST",
    headers: { "content-length": "0" },
    body: () => Buffer.alloc(0),
    signal,
  });
  await settle(begun, [202], context);
  const base = baseUrl(reference.registry, insecure);
  const target = new URL(begun.header("location") ?? "", begun.url);
  if (begun.header("location") === undefined || target.origin !== base.origin) {
    throw new DockerloaderError("REGISTRY_PROTOCOL", `${base.host} wants blobs sent to ${target.host}`, {
      hint: "push to the registry itself, not to a mirror of it",
    });
  }
  target.searchParams.set("digest", digest);
  const sent = await authorizer.ask(reference, target.href, {
    method: "PUT",
    headers: { "content-type": "application/octet-stream", "content-length": String(size) },
    body: () => createReadStream(blobPath(layout, digest)),
    signal,
  });
  await settle(sent, [201], context);
}

async function settle(answer: Answer, expected: readonly number[], context: Context): Promise<void> {
  await requireSuccess(answer, expected, context.reference, { authorizer: context.authorizer, limits: LIMITS });
  answer.body.on("error", () => {}).destroy();
}
