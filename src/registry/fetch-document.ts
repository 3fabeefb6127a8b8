import { digestOf, isDigest, type Digest } from "../digest.ts";
import { DockerloaderError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import type { Authorizer } from "./authorize.ts";
import { type Document, parseDocument } from "./document.ts";
import { refusal } from "./failures.ts";
import { type Answer, readBody } from "./http.ts";
import { MANIFEST_ACCEPT } from "./media-types.ts";
import { formatReference, type Reference } from "./reference.ts";

/** A manifest or index as the registry sent it; `digest` is the hash of these bytes. */
export interface Fetched {
  readonly digest: Digest;
  readonly bytes: Buffer;
  readonly document: Document;
  readonly etag: string | undefined;
  /** What the registry says the digest is; kept to recognise an unchanged tag, never trusted. */
  readonly claimed: string | undefined;
}

export interface FetchContext {
  readonly authorizer: Authorizer;
  readonly limits: Limits;
}

/** Throws the error that an answer other than success stands for. Reads the body. */
export async function requireSuccess(
  answer: Answer,
  expected: readonly number[],
  reference: Reference,
  { authorizer, limits }: FetchContext,
): Promise<void> {
  if (expected.includes(answer.status)) return;
  const body = await readBody(answer, limits.errorBodyBytes, { truncate: true });
  throw refusal({
    status: answer.status,
    host: answer.url.host,
    what: formatReference(reference),
    body: body.toString("utf8"),
    retryAfter: answer.header("retry-after"),
    credentials: authorizer.credentialSource(reference),
  });
}

/**
 * GETs a manifest or index (distribution-spec, "Pulling manifests"). By digest the bytes have to hash to it; by tag the
 * hash of the bytes is the identity, whatever the header says.
 */
export async function fetchDocument(
  reference: Reference,
  context: FetchContext,
  signal: AbortSignal | undefined,
): Promise<Fetched> {
  const { authorizer, limits } = context;
  const path = `${reference.repository}/manifests/${reference.digest ?? reference.tag ?? "latest"}`;
  const answer = await authorizer.ask(reference, path, { method: "GET", headers: { accept: MANIFEST_ACCEPT }, signal });
  await requireSuccess(answer, [200], reference, context);
  const bytes = await readBody(answer, limits.manifestBytes, { signal });
  const digest = digestOf(bytes);
  if (reference.digest !== undefined && digest !== reference.digest) {
    throw new DockerloaderError(
      "DIGEST_MISMATCH",
      `${answer.url.host} sent ${digest} when it was asked for ${reference.digest}`,
      {
        hint: "the registry or a proxy in front of it is broken",
      },
    );
  }
  const claimed = answer.header("docker-content-digest");
  const type = answer.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  return {
    digest,
    bytes,
    document: withType(parseDocument(bytes, formatReference(reference)), type),
    etag: answer.header("etag"),
    claimed: isDigest(claimed) ? claimed : undefined,
  };
}

/** A document without a media type of its own has the one it was sent with. */
function withType(document: Document, contentType: string | undefined): Document {
  return document["mediaType"] === undefined &&
    contentType !== undefined &&
    /\.(manifest|index|list)\./.test(contentType)
    ? { ...document, mediaType: contentType }
    : document;
}
