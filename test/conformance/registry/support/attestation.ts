import { type Descriptor, putBlob, putManifest } from "../../../support/push-blob.ts";

const INDEX = "application/vnd.oci.image.index.v1+json";
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

/** What BuildKit puts beside an image: a manifest of statements, listed for no platform at all and pointing to its subject. */
async function pushAttestation(host: string, repository: string, subject: string): Promise<object> {
  const statement = Buffer.from(JSON.stringify({ _type: "https://in-toto.io/Statement/v0.1", subject: [] }));
  const layer = await putBlob(host, repository, "application/vnd.in-toto+json", statement);
  const rootfs = { type: "layers", diff_ids: [layer.digest] };
  const text = JSON.stringify({ architecture: "unknown", os: "unknown", config: {}, rootfs });
  const config = await putBlob(host, repository, "application/vnd.oci.image.config.v1+json", Buffer.from(text));
  const manifest = { schemaVersion: 2, mediaType: MANIFEST, config, layers: [layer] };
  return {
    ...(await putManifest(host, repository, manifest)),
    annotations: { "vnd.docker.reference.digest": subject, "vnd.docker.reference.type": "attestation-manifest" },
    platform: { architecture: "unknown", os: "unknown" },
  };
}

/** Puts an attestation of the first image in front of everything in an index that is there. */
export async function attest(host: string, repository: string, tag: string): Promise<void> {
  const answer = await fetch(`http://${host}/v2/${repository}/manifests/${tag}`, { headers: { accept: INDEX } });
  const index = (await answer.json()) as { mediaType: string; manifests: Descriptor[] };
  const entry = await pushAttestation(host, repository, index.manifests[0]?.digest ?? "");
  await putManifest(host, repository, { ...index, manifests: [entry, ...index.manifests] }, tag);
}
