import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Digest } from "../digest.ts";
import { type AuthOptions, createAccess } from "./access.ts";
import { createContents } from "./contents.ts";
import { createFaults, type FaultPlan } from "./faults.ts";
import type { BuiltImage } from "./image.ts";
import { send, sendError, serveBlob, serveManifest } from "./routes.ts";
import { createUploads } from "./uploads.ts";

export interface RegistryOptions {
  /** Default: anonymous. */
  readonly auth?: AuthOptions;
}

/** One request as the registry saw it. Holds no credential. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly range?: string;
  /** An Authorization header was sent. */
  readonly authorized: boolean;
  /** Bytes of the answer's body as announced; 0 when there is none. */
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
  readonly requests: readonly SeenRequest[];
  /** Asks the plan at every request; returns the way to take it back. */
  readonly fault: (plan: FaultPlan) => () => void;
  readonly revokeTokens: () => void;
  readonly stop: () => Promise<void>;
}

const ROUTE = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/;
const INDEX_TYPE = "application/vnd.oci.image.index.v1+json";

export async function startRegistry(options: RegistryOptions = {}): Promise<TestRegistry> {
  const contents = createContents();
  const access = createAccess(options.auth);
  const uploads = createUploads(contents);
  const faults = createFaults();
  const requests: SeenRequest[] = [];

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? "/", "http://registry");
    const fault = faults.next(request.method ?? "GET", url.pathname);
    if (fault?.kind === "reset") return void request.socket.destroy();
    if (fault?.kind === "status")
      return void response.writeHead(fault.status, fault.headers ?? {}).end(fault.body ?? "");
    if (access.serveToken(request, response, url)) return;
    const [, repository = "", kind, reference = ""] = ROUTE.exec(url.pathname) ?? [];
    if (!access.admit(request, response, repository)) return;
    const exchange = { request, response, fault };
    if (kind === "manifests") await serveManifest(contents, exchange, repository, reference);
    else if (kind === "blobs") serveBlob(contents, exchange, reference);
    else if (url.pathname === "/v2/")
      send(exchange, 200, { "docker-distribution-api-version": "registry/2.0" }, Buffer.from("{}"));
    else if (!(await uploads(request, response, url))) sendError(exchange, 404, "NAME_UNKNOWN");
  };

  const server = createServer((request, response) => {
    response.once("close", () => requests.push(seen(request, response)));
    serve(request, response).catch(() => request.socket.destroy());
  });
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
    revokeTokens: access.revokeTokens,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function seen({ method = "GET", url = "/", headers }: IncomingMessage, response: ServerResponse): SeenRequest {
  const bodyless = method === "HEAD" || response.statusCode === 304;
  return {
    method,
    path: url,
    status: response.statusCode,
    authorized: headers.authorization !== undefined,
    bodyBytes: bodyless ? 0 : Number(response.getHeader("content-length") ?? 0),
    ...(headers.range === undefined ? {} : { range: headers.range }),
  };
}
