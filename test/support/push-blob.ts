import { createHash } from "node:crypto";

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const digestOf = (bytes: Buffer): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

async function put(url: string | URL, type: string, body: Buffer): Promise<Descriptor> {
  const answer = await fetch(url, { method: "PUT", headers: { "content-type": type }, body });
  if (answer.status !== 201) throw new Error(`PUT ${url.toString()}: ${answer.status} ${await answer.text()}`);
  return { mediaType: type, digest: digestOf(body), size: body.length };
}

/** Uploads a blob; its descriptor under the media type it is to have in a manifest. */
export async function putBlob(host: string, repository: string, mediaType: string, body: Buffer): Promise<Descriptor> {
  const started = await fetch(`http://${host}/v2/${repository}/blobs/uploads/`, { method: "POST" });
  const url = new URL(started.headers.get("location") ?? "");
  url.searchParams.set("digest", digestOf(body));
  return { ...(await put(url, "application/octet-stream", body)), mediaType };
}

/** Uploads a manifest or index under a tag, or under its own digest. */
export function putManifest(
  host: string,
  repository: string,
  manifest: { readonly mediaType: string; readonly [part: string]: unknown },
  tag?: string,
): Promise<Descriptor> {
  const body = Buffer.from(JSON.stringify(manifest));
  return put(`http://${host}/v2/${repository}/manifests/${tag ?? digestOf(body)}`, manifest.mediaType, body);
}
