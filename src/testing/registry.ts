import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Digest } from "../digest.ts";
import { type AuthOptions, createAccess } from "./access.ts";
import type { ServerIdentity } from "./certificate.ts";
import { createContents } from "./contents.ts";
import { type AnswerRecord, type Exchange, send, sendError } from "./exchange.ts";
import { createFaults, type FaultPlan } from "./faults.ts";
import type { BuiltImage } from "./image.ts";
import { serveBlob, serveManifest } from "./routes.ts";
import { createUploads } from "./uploads.ts";

export interface RegistryOptions {
  /** Default: anonymous. */
  readonly auth?: AuthOptions;
  /** Speaks https with this certificate (see `createIdentity`). Default: http. */
  readonly tls?: ServerIdentity;
}

/** One request as the registry saw it, listed as soon as it comes in. Holds no credential and no query. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  /** 0 until it is answered, and for good after a `reset` and in a `silence`. */
  readonly status: number;
  readonly range?: string;
  /** An Authorization header was sent. */
  readonly authorized: boolean;
  /** Bytes of the answer's body that were handed to the connection: fewer than announced after `cut` and `stall`. */
  readonly bodyBytes: number;
}

export interface IndexEntry {
  readonly image: BuiltImage;
  /** Default: the image's own. */
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant?: string };
}

/** A registry on loopback, in this process: real sockets, contents in memory, faults on demand. */
export interface TestRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly reference: (repository: string, tag: string) => string;
  /** Answers the digest of the image's manifest. */
  readonly push: (repository: string, tag: string, image: BuiltImage) => Promise<Digest>;
  /** Answers the digest of the index. `extra`: further entries as they are, e.g. attestations. */
  readonly pushIndex: (
    repository: string,
    tag: string,
    entries: readonly IndexEntry[],
    extra?: readonly object[],
  ) => Promise<Digest>;
  /** Any bytes as a manifest: for bad input. */
  readonly putManifest: (repository: string, tag: string, bytes: Uint8Array, mediaType: string) => Digest;
  /** In the order in which they came. */
  readonly requests: readonly SeenRequest[];
  /** Asks the plan at every request; the first plan that answers a fault decides. Returns the way to take it back. */
  readonly fault: (plan: FaultPlan) => () => void;
  /** Every token that was handed out. */
  readonly tokens: readonly string[];
  /** All tokens handed out so far become invalid. Without effect unless `auth` is `bearer`. */
  readonly revokeTokens: () => void;
  /** Closes the server and every connection. May be called again. */
  readonly stop: () => Promise<void>;
}

const ROUTE = /^\/v2\/(.+)\/(manifests|blobs|blobs\/uploads)\/([^/]*)$/;
const INDEX_TYPE = "application/vnd.oci.image.index.v1+json";
const BASE = "http://registry";

/** Starts a registry on a free port of loopback. Stop it, or hold it with `await using`. */
export async function startRegistry(options: RegistryOptions = {}): Promise<TestRegistry> {
  const contents = createContents();
  const scheme = options.tls === undefined ? "http" : "https";
  const access = createAccess(options.auth, scheme);
  const uploads = createUploads(contents);
  const faults = createFaults();
  const requests: SeenRequest[] = [];

  const serve = async (exchange: Exchange): Promise<void> => {
    const { request, url, fault } = exchange;
    if (fault?.kind === "silence") return;
    if (fault?.kind === "reset") return void request.socket.destroy();
    if (fault?.kind === "status")
      return send({ ...exchange, fault: undefined }, fault.status, fault.headers, Buffer.from(fault.body ?? ""));
    if (await access.serveToken(exchange)) return;
    const [, repository = "", kind, reference = ""] = ROUTE.exec(url.pathname) ?? [];
    if (!access.admit(exchange, repository)) return;
    if (kind === "manifests") await serveManifest(contents, exchange, repository, reference);
    else if (kind === "blobs") serveBlob(contents, exchange, reference);
    else if (url.pathname === "/v2/")
      send(exchange, 200, { "docker-distribution-api-version": "registry/2.0" }, Buffer.from("{}"));
    else if (!(await uploads(exchange))) sendError(exchange, 404, "NAME_UNKNOWN");
  };

  const listener: RequestListener = (request, response) => {
    const url = URL.parse(request.url ?? "/", BASE) ?? new URL(BASE);
    const record = openRecord(request, url.pathname);
    requests.push(record);
    const fault = faults.next(record.method, url.pathname);
    serve({ request, response, url, fault, record }).catch(() => request.socket.destroy());
  };
  const { tls } = options;
  const server =
    tls === undefined ? createServer(listener) : createTlsServer({ cert: tls.certificate, key: tls.key }, listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;

  const addImage = (repository: string, reference: string, { blobs, manifest, mediaType }: BuiltImage): Digest => {
    for (const [digest, bytes] of blobs) contents.blobs.set(digest, bytes);
    return contents.putManifest(repository, reference, manifest, mediaType);
  };
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });

  return {
    host,
    requests,
    reference: (repository, tag) => `${host}/${repository}:${tag}`,
    push: async (repository, tag, image) => addImage(repository, tag, image),
    pushIndex: async (repository, tag, entries, extra = []) => {
      const manifests = entries.map(({ image, platform = image.platform }) => ({
        mediaType: image.mediaType,
        digest: addImage(repository, image.digest, image),
        size: image.manifest.length,
        platform,
      }));
      const index = { schemaVersion: 2, mediaType: INDEX_TYPE, manifests: [...manifests, ...extra] };
      return contents.putManifest(repository, tag, Buffer.from(JSON.stringify(index)), INDEX_TYPE);
    },
    putManifest: (repository, tag, bytes, mediaType) =>
      contents.putManifest(repository, tag, Buffer.from(bytes), mediaType),
    fault: faults.add,
    tokens: access.tokens,
    revokeTokens: access.revokeTokens,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function openRecord({ method = "GET", headers }: IncomingMessage, path: string): SeenRequest & AnswerRecord {
  const { range, authorization } = headers;
  const authorized = authorization !== undefined;
  return { method, path, status: 0, authorized, bodyBytes: 0, ...(range === undefined ? {} : { range }) };
}
