import { type ContentHash, hashLike } from "../digest.ts";
import { DockerloaderError } from "../errors.ts";
import type { Endpoint } from "./mirrors.ts";
import { withoutEncoding } from "./content-encoding.ts";
import { transportFailure } from "./failures.ts";
import { type FetchContext, requireSuccess } from "./fetch-document.ts";
import type { Answer } from "./http.ts";
import type { Descriptor } from "./manifest.ts";
import type { Reference } from "./reference.ts";
import { pauseOrThrow, type RetryOptions } from "./retry.ts";
import type { BlobSink } from "./source.ts";
import { watchPace } from "./pace.ts";

/** How far a transfer is. */
interface Transfer {
  hash: ContentHash;
  received: number;
  /** What told this content apart from any other when it began; a resumed answer has to say the same. */
  etag: string | undefined;
  /** A Content-Encoding was taken off and that was wrong: some stores state one that the bytes do not have. */
  asSent: boolean;
}

/**
 * Streams a blob into a sink, hashing what passes: never more than the descriptor's size, continued by Range after a
 * break (also one of another process, when the sink has kept its part), from the registry's own address each time, because
 * a signed address of a redirect expires. A mirror that fails is passed by. Content that has the wrong digest is fetched
 * once more from the first byte, then it is DIGEST_MISMATCH.
 */
export async function fetchBlob(
  reference: Reference,
  descriptor: Descriptor,
  sink: BlobSink,
  context: FetchContext,
  retry: RetryOptions,
): Promise<void> {
  const { digest, size } = descriptor;
  const endpoints = context.endpoints({ ...reference, digest });
  const state: Transfer = { hash: hashLike(digest), received: 0, etag: undefined, asSent: false };
  const restart = async (): Promise<void> => {
    Object.assign(state, { hash: hashLike(digest), received: 0, etag: undefined });
    await sink.reset();
  };
  state.received = (await sink.kept?.(state.hash.update)) ?? 0;
  if (state.received > size) await restart();

  let mismatched = false;
  for (let attempt = 0; ; attempt += 1) {
    const before = state.received;
    const [endpoint] = endpoints;
    if (endpoint === undefined) throw new DockerloaderError("INTERNAL", `no endpoint for ${digest}`);
    try {
      if (state.received < size || size === 0)
        await transfer(endpoint, descriptor, sink, state, restart, context, retry);
      if (state.hash.digest() === digest) return;
      const failure = wrongDigest(endpoint.reference.registry, descriptor);
      await restart();
      if (!endpoint.mirror && mismatched) throw failure;
      mismatched = !endpoint.mirror;
      if (endpoint.mirror) throw failure;
    } catch (error) {
      if (endpoint.mirror && error instanceof DockerloaderError && error.code !== "ABORTED") {
        context.onWarning(`mirror ${endpoint.reference.registry} is passed by: ${error.message}`);
        endpoints.shift();
        attempt = -1;
        continue;
      }
      if (state.received - before >= context.limits.progressBytes) attempt = 0;
      await pauseOrThrow(error, attempt, retry);
    }
  }
}

/** One request and its body. */
async function transfer(
  endpoint: Endpoint,
  descriptor: Descriptor,
  sink: BlobSink,
  state: Transfer,
  restart: () => Promise<void>,
  context: FetchContext,
  { signal }: RetryOptions,
): Promise<void> {
  const { digest, size } = descriptor;
  const resumed = state.received > 0;
  const headers = { accept: "*/*", ...(resumed ? { range: `bytes=${state.received}-` } : {}) };
  const answer = await context.authorizer.ask(endpoint, `blobs/${digest}`, { method: "GET", headers, signal });
  const { host } = answer.url;
  if (answer.status === 416 || (answer.status === 206 && !continues(answer, state, size))) {
    answer.drop();
    await restart();
    throw new DockerloaderError("REGISTRY_UNAVAILABLE", `${host} cannot continue blob ${digest}`);
  }
  await requireSuccess(answer, resumed ? [200, 206] : [200], endpoint, context).catch((error: unknown) => {
    throw foreignHint(error, descriptor);
  });
  if (answer.status === 200 && resumed) await restart();
  state.etag ??= answer.header("etag");
  const length = answer.header("content-length");
  const fits = length === undefined || Number(length) === size - state.received;
  const encoding = answer.header("content-encoding");
  const mayDecode = !state.asSent && state.received === 0 && !(fits && length !== undefined);
  const decoded = mayDecode ? withoutEncoding(answer.body, encoding) : undefined;
  if (decoded === undefined && !fits) {
    answer.drop();
    throw sizeMismatch(descriptor, `announces ${Number(length) + state.received}`, host);
  }
  const pace = watchPace(context.limits, () => answer.body.destroy(stalled(host)));
  try {
    for await (const chunk of decoded ?? answer.body) {
      const bytes = chunk as Buffer;
      const { length } = bytes;
      pace.add(length);
      if (state.received + length > size) throw sizeMismatch(descriptor, "sends more", host);
      state.hash.update(bytes);
      await sink.write(bytes);
      state.received += length;
    }
  } catch (error) {
    if (decoded === undefined || signal?.aborted === true) throw transportFailure(error, host, signal);
    await restart();
    state.asSent = true;
    throw new DockerloaderError(
      "REGISTRY_UNAVAILABLE",
      `${host} sent blob ${digest} with an encoding that is not there`,
    );
  } finally {
    pace.stop();
    answer.drop();
  }
  if (decoded !== undefined && state.received < size) await restart();
  if (state.received < size) {
    throw new DockerloaderError(
      "REGISTRY_UNREACHABLE",
      `${host} broke off blob ${digest} after ${state.received} of ${size} bytes`,
      { hint: "it goes on from there at the next try" },
    );
  }
}

/** True when a partial answer starts where we stopped and is a part of the same whole (RFC 9110, 14.4). */
function continues({ header }: Answer, { received, etag }: Transfer, size: number): boolean {
  const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(header("content-range") ?? "");
  const same = etag === undefined || header("etag") === undefined || header("etag") === etag;
  return match !== null && same && Number(match[1]) === received && Number(match[3]) === size;
}

function wrongDigest(host: string, { digest }: Descriptor): DockerloaderError {
  return new DockerloaderError("DIGEST_MISMATCH", `${host} sent other bytes when it was asked for blob ${digest}`, {
    hint: "the registry or a proxy in front of it is broken",
    retryable: false,
  });
}

function stalled(host: string): DockerloaderError {
  return new DockerloaderError("REGISTRY_TIMEOUT", `${host} sends almost nothing any more`, {
    hint: "check the network and the proxy settings",
    details: { host },
  });
}

function sizeMismatch({ digest, size }: Descriptor, fault: string, host: string): DockerloaderError {
  return new DockerloaderError(
    "SIZE_MISMATCH",
    `${host} ${fault} for blob ${digest}, its descriptor states ${size} bytes`,
    { hint: "push the image again", retryable: false },
  );
}

/** A layer that lives elsewhere by design is not fetched from there: an address in a manifest is nobody we know (CVE-2020-15157). */
function foreignHint(error: unknown, { urls, digest }: Descriptor): unknown {
  if (!(error instanceof DockerloaderError) || error.code !== "MANIFEST_UNKNOWN" || urls === 0) return error;
  return new DockerloaderError(
    "LAYER_UNSUPPORTED",
    `layer ${digest} is foreign: the registry has only an address of it`,
    {
      hint: "push the image with its foreign layers, e.g. with `skopeo copy`",
      cause: error,
    },
  );
}
