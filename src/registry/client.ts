import type { Environment } from "../config/load.ts";
import type { Config } from "../config/table.ts";
import type { Digest } from "../digest.ts";
import { LIMITS, type Limits } from "../limits.ts";
import { createAuthorizer } from "./authorize.ts";
import { createCredentials } from "./credentials.ts";
import { fetchBlob } from "./fetch-blob.ts";
import { type FetchContext, type Fetched, fetchDocument } from "./fetch-document.ts";
import { parseInsecure } from "./hosts.ts";
import { createHttp } from "./http.ts";
import type { Descriptor } from "./manifest.ts";
import { parseMirrors } from "./mirrors.ts";
import { createOrigins } from "./origins.ts";
import type { Platform } from "./platform.ts";
import { rateLimitOf } from "./rate-limit.ts";
import { type Chosen, chooseImage, type DocumentReader, readImage } from "./read-image.ts";
import { formatReference, type Reference } from "./reference.ts";
import { withRetry } from "./retry.ts";
import type { BlobSink, ImageSource, RateLimit } from "./source.ts";
import { createTagWatch } from "./tag-watch.ts";
import { createTrust } from "./trust.ts";
import { warningsOf } from "./warning-header.ts";

/** What of the configuration a registry client reads. */
export type RegistrySettings = Pick<
  Config,
  "authFile" | "insecureRegistries" | "mirrors" | "caFile" | "certsDir" | "trustedRealms"
>;

export interface RegistryOptions {
  readonly platform: Platform;
  readonly env: Environment;
  readonly settings: RegistrySettings;
  /** Called once for each text. */
  readonly onWarning: (message: string) => void;
  readonly onNote: (message: string) => void;
  readonly limits?: Partial<Limits>;
  readonly random?: () => number;
}

/** A repository of a registry (distribution-spec, "Pull"), with its mirrors. */
export function createRegistrySource(reference: Reference, options: RegistryOptions): ImageSource {
  const { platform, env, settings, random = Math.random } = options;
  const { caFile, certsDir, authFile } = settings;
  const limits: Limits = { ...LIMITS, ...options.limits };
  const onWarning = once(options.onWarning);
  const onNote = once(options.onNote);
  const listed = parseInsecure(settings.insecureRegistries);
  const http = createHttp({ env, limits, listed, trust: createTrust({ env, caFile, certsDir, listed, onWarning }) });
  let rateLimit: RateLimit | undefined;
  let clockSkewMs: number | undefined;
  const authorizer = createAuthorizer({
    http,
    limits,
    onNote,
    origins: createOrigins(listed, limits),
    find: createCredentials({ env, authFile, limits, target: reference, onWarning }),
    realms: { listed, trusted: settings.trustedRealms.length === 0 ? undefined : settings.trustedRealms },
    onAnswer: (answer) => {
      rateLimit = rateLimitOf(answer) ?? rateLimit;
      const theirs = Date.parse(answer.header("date") ?? "");
      if (!Number.isNaN(theirs)) clockSkewMs = Date.now() - theirs;
      for (const text of warningsOf(answer.lines("warning"))) onWarning(`${answer.url.host} warns: ${text}`);
    },
  });
  const context: FetchContext = { authorizer, limits, endpoints: parseMirrors(settings.mirrors), onWarning };
  const name = formatReference(reference);
  const watch = createTagWatch(reference, context);
  let last: Fetched | undefined;

  const retrying = <T>(signal: AbortSignal | undefined, action: () => Promise<T>): Promise<T> =>
    withRetry({ limits, random, signal }, action);
  const blob = (descriptor: Descriptor, sink: BlobSink, signal: AbortSignal | undefined): Promise<void> =>
    fetchBlob(reference, descriptor, sink, context, { limits, random, signal });

  /** Tags are dropped below the first document: only digests count there. */
  const readerFor = (top: Reference, signal: AbortSignal | undefined): DocumentReader => {
    const { registry, repository } = reference;
    const document = (at: Reference): Promise<Fetched> => retrying(signal, () => fetchDocument(at, context, signal));
    return {
      name,
      top: () => document(top),
      byDescriptor: ({ digest }) => document({ registry, repository, digest }),
      small: async (descriptor) => {
        let chunks: Uint8Array[] = [];
        const sink = { write: (chunk: Uint8Array) => void chunks.push(chunk), reset: () => void (chunks = []) };
        await blob(descriptor, sink, signal);
        return Buffer.concat(chunks);
      },
    };
  };
  const choose = async (top: Reference, signal: AbortSignal | undefined): Promise<Chosen> => {
    const chosen = await chooseImage(readerFor(top, signal), platform, limits);
    last = chosen.image;
    return chosen;
  };

  return {
    name,
    pinned: reference.digest,
    resolve: ({ signal } = {}) => retrying(signal, () => watch(signal, () => choose(reference, signal))),
    image: async ({ digest, signal } = {}) => {
      // What a check has just fetched is not fetched again, and it is known by its own digest, not by the registry's.
      const known = last !== undefined && last.digest === digest ? last : undefined;
      const image = known ?? (await choose(pinnedTo(reference, digest), signal)).image;
      return readImage(readerFor(reference, signal), image, platform);
    },
    blob: (descriptor, sink, { signal } = {}) => blob(descriptor, sink, signal),
    rateLimit: () => rateLimit,
    clockSkewMs: () => clockSkewMs,
    close: http.close,
  };
}

function pinnedTo(reference: Reference, digest: Digest | undefined): Reference {
  return digest === undefined ? reference : { ...reference, digest };
}

/** Says every text once for the life of a client. */
function once(say: (message: string) => void): (message: string) => void {
  const said = new Set<string>();
  return (message) => {
    if (said.has(message)) return;
    said.add(message);
    say(message);
  };
}
