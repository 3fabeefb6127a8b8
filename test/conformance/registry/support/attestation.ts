import { createHash } from "node:crypto";

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const INDEX = "application/vnd.oci.image.index.v1+json";
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

async function put(host: string, path: string, type: string, body: Buffer): Promise<Descriptor> {
  const answer = await fetch(`http://${host}/v2/${path}`, { method: "PUT", headers: { "content-type": type }, body });
  if (answer.status !== 201) throw new Error(`PUT ${path}: ${answer.status} ${await answer.text()}`);
  return { mediaType: type, digest: digestOf(body), size: body.length };
}

const digestOf = (bytes: Buffer): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** Uploads a blob; its descriptor under the media type it is to have in a manifest. */
async function putBlob(host: string, repository: string, mediaType: string, body: Buffer): Promise<Descriptor> {
  const started = await fetch(`http://${host}/v2/${repository}/blobs/uploads/`, { method: "POST" });
  const url = new URL(started.headers.get("location") ?? "");
  url.searchParams.set("digest", digestOf(body));
  const path = `${url.pathname}${url.search}`.slice("/v2/".length);
  return { ...(await put(host, path, "application/octet-stream", body)), mediaType };
}

/** What BuildKit puts beside an image: a manifest of statements, listed for no platform at all and pointing to its subject. */
async function pushAttestation(host: string, repository: string, subject: string): Promise<object> {
  const statement = Buffer.from(JSON.stringify({ _type: "https://in-toto.io/Statement/v0.1", subject: [] }));
  const layer = await putBlob(host, repository, "application/vnd.in-toto+json", statement);
  const diffIds = [layer.digest];
  const text = JSON.stringify({
    architecture: "unknown",
    os: "unknown",
    config: {},
    rootfs: { type: "layers", diff_ids: diffIds },
  });
  const config = await putBlob(host, repository, "application/vnd.oci.image.config.v1+json", Buffer.from(text));
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config, layers: [layer] }));
  const descriptor = await put(host, `${repository}/manifests/${digestOf(manifest)}`, MANIFEST, manifest);
  return {
    ...descriptor,
    annotations: {
      "vnd.docker.reference.digest": subject,
      "vnd.docker.reference.type": "attestation-manifest",
    },
    platform: { architecture: "unknown", os: "unknown" },
  };
}

/** Puts an attestation of the first image in front of everything in an index that is there. */
export async function attest(host: string, repository: string, tag: string): Promise<void> {
  const answer = await fetch(`http://${host}/v2/${repository}/manifests/${tag}`, { headers: { accept: INDEX } });
  const index = (await answer.json()) as { manifests: Descriptor[] };
  const entry = await pushAttestation(host, repository, index.manifests[0]?.digest ?? "");
  const body = Buffer.from(JSON.stringify({ ...index, manifests: [entry, ...index.manifests] }));
  await put(host, `${repository}/manifests/${tag}`, INDEX, body);
}
