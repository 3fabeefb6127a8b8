import { type ContentDigest, digestOf, hashesTo, isContentDigest, type Digest } from "../digest.ts";
import { DockerloaderError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import type { Authorizer } from "./authorize.ts";
import { decoded, readBody } from "./body.ts";
import { type Document, invalidManifest, parseDocument } from "./document.ts";
import { refusal } from "./failures.ts";
import type { Answer } from "./http.ts";
import { isImageType, isIndexType, MANIFEST_ACCEPT } from "./media-types.ts";
import type { Endpoint } from "./mirrors.ts";
import { formatReference, type Reference } from "./reference.ts";
import { quote } from "./quote.ts";

/** A manifest or index as its source has it; `digest` is the sha256 of these bytes, whatever it was asked by. */
export interface Fetched {
  readonly digest: Digest;
  readonly bytes: Buffer;
  readonly document: Document;
  readonly etag: string | undefined;
  /** What the registry says the digest is; kept to recognise an unchanged tag, never trusted. */
  readonly claimed: ContentDigest | undefined;
}

export interface FetchContext {
  readonly authorizer: Authorizer;
  readonly limits: Limits;
  readonly endpoints: (reference: Reference) => Endpoint[];
  readonly onWarning: (message: string) => void;
}

/** Throws the error that an answer other than success stands for. Reads the body. */
export async function requireSuccess(
  answer: Answer,
  expected: readonly number[],
  endpoint: Endpoint,
  { authorizer, limits }: FetchContext,
): Promise<void> {
  if (expected.includes(answer.status)) return;
  const body = await readBody(answer, limits.errorBodyBytes, { truncate: true });
  throw refusal({
    status: answer.status,
    host: answer.url.host,
    what: formatReference(endpoint.reference),
    body: authorizer.hide(body.toString("utf8")),
    retryAfter: answer.header("retry-after"),
    credentials: await authorizer.credentialSource(endpoint),
  });
}

/** Tries the mirrors in order, then the source itself; what a mirror cannot do is no failure, but wrong bytes are said. */
export async function fromAnyEndpoint<T>(
  reference: Reference,
  context: FetchContext,
  action: (endpoint: Endpoint) => Promise<T>,
): Promise<T> {
  const endpoints = context.endpoints(reference);
  for (const [index, endpoint] of endpoints.entries()) {
    try {
      return await action(endpoint);
    } catch (error) {
      if (index === endpoints.length - 1 || !(error instanceof DockerloaderError) || error.code === "ABORTED")
        throw error;
      context.onWarning(`mirror ${endpoint.reference.registry} is passed by: ${error.message}`);
    }
  }
  throw new DockerloaderError("INTERNAL", `no endpoint for ${formatReference(reference)}`);
}

/**
 * GETs a manifest or index (distribution-spec, "Pulling manifests"). By digest the bytes have to hash to it; by tag the
 * hash of the bytes is the identity, whatever the header says.
 */
export function fetchDocument(
  reference: Reference,
  context: FetchContext,
  signal: AbortSignal | undefined,
): Promise<Fetched> {
  const timed = withDeadline(signal, context.limits.requestMs);
  return fromAnyEndpoint(reference, context, (endpoint) => fetchFrom(endpoint, context, timed));
}

/** The caller's signal, and a deadline for a whole small request. */
export function withDeadline(signal: AbortSignal | undefined, ms: number): AbortSignal {
  const deadline = AbortSignal.timeout(ms);
  return signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
}

async function fetchFrom(endpoint: Endpoint, context: FetchContext, signal: AbortSignal): Promise<Fetched> {
  const { authorizer, limits, onWarning } = context;
  const { digest: wanted, tag = "latest" } = endpoint.reference;
  const ask = (path: string): Promise<Answer> =>
    authorizer.ask(endpoint, path, { method: "GET", headers: { accept: MANIFEST_ACCEPT }, signal });
  let answer = await ask(`manifests/${wanted ?? tag}`);
  if (answer.status === 404 && wanted !== undefined) {
    // Some registries keep the children of an index among their blobs.
    const other = await ask(`blobs/${wanted}`);
    if (other.status === 200) {
      answer.drop();
      answer = other;
    } else other.drop();
  }
  await requireSuccess(answer, [200], endpoint, context);
  const raw = await readBody(answer, limits.manifestBytes, { signal });
  const bytes = plainBytes(raw, answer, wanted, limits);
  const digest = digestOf(bytes);
  if (wanted !== undefined && !hashesTo(bytes, wanted)) {
    throw new DockerloaderError(
      "DIGEST_MISMATCH",
      `${answer.url.host} sent a document with the digest ${digest} when it was asked for ${wanted}`,
      { hint: "the registry or a proxy in front of it is broken" },
    );
  }
  const claimed = answer.header("docker-content-digest");
  if (isContentDigest(claimed) && !hashesTo(bytes, claimed))
    onWarning(`${answer.url.host} says ${claimed} of a document that has the digest ${digest}`);
  const source = formatReference(endpoint.reference);
  return {
    digest,
    bytes,
    document: withType(parseDocument(bytes, source), answer.header("content-type"), source),
    etag: answer.header("etag"),
    claimed: isContentDigest(claimed) ? claimed : undefined,
  };
}

/** The bytes as sent, unless only their decoded form can be what was asked for. */
function plainBytes(raw: Buffer, answer: Answer, wanted: ContentDigest | undefined, limits: Limits): Buffer {
  const encoding = answer.header("content-encoding");
  if (encoding === undefined) return raw;
  if (wanted === undefined ? raw[0] === 0x7b : hashesTo(raw, wanted)) return raw;
  return decoded(raw, encoding, limits.manifestBytes) ?? raw;
}

/**
 * A document without a media type of its own has the one it was sent with; one that has another than it was sent with is
 * two documents to two readers (CVE-2021-41190).
 */
function withType(document: Document, header: string | undefined, source: string): Document {
  const sent = header?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (!isImageType(sent) && !isIndexType(sent)) return document;
  const { mediaType } = document;
  if (mediaType === undefined) return { ...document, mediaType: sent };
  if (mediaType === sent) return document;
  throw invalidManifest(source, `was sent as ${sent}, but says it is ${quote(mediaType)}`);
}
