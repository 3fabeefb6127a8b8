/** A registry with TLS that sends us where there is none, or into our own network: nobody may talk us down. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer as createPlainServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { buildImage, type Digest, startRegistry, type TestRegistry } from "../../../src/testing/index.ts";
import { openAuthority } from "./support/authority.ts";
import { withNames } from "./support/names.ts";
import { needsRegistries } from "./support/preconditions.ts";
import { openSite, type Site } from "./support/site.ts";

const NAME = "registry.test";
const [USER, PASSWORD] = ["robot", "hunter2-hunter2"];

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
async function listen<T extends Server>(server: T): Promise<T> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

describe("a registry with TLS that sends us to http", needsRegistries(), () => {
  let folder: string;
  let site: Site;
  let contents: TestRegistry;
  let digest: Digest;
  let secure: Server & { closeAllConnections: () => void };
  let plain: Server & { closeAllConnections: () => void };
  /** What came in without TLS: its path, and whether a credential was with it. */
  const leaked: string[] = [];
  /** Where blobs are said to be; undefined: here. */
  let blobsAt: (() => string) | undefined;
  /** The realm of the challenge; undefined: no challenge. */
  let realm: (() => string) | undefined;

  const relay = (incoming: IncomingMessage, response: ServerResponse): void => {
    const { method, url = "/", headers } = incoming;
    const { authorization: _, ...rest } = headers;
    const upstream = request(`http://${contents.host}${url}`, { method, headers: rest }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    upstream.end();
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "dockerloader-downgrade-"));
    const authority = await openAuthority(folder, "authority");
    const { certificate, key } = await authority.issue(NAME);
    contents = await startRegistry();
    digest = await contents.push("app", "1", await buildImage({ layers: [{ files: { entrypoint: "#!/bin/sh\n" } }] }));
    plain = await listen(
      createPlainServer((incoming, response) => {
        leaked.push(
          `${incoming.url ?? ""} ${incoming.headers.authorization === undefined ? "anonymous" : "with a credential"}`,
        );
        relay(incoming, response);
      }),
    );
    const pair = { cert: await readFile(certificate), key: await readFile(key) };
    secure = await listen(
      createServer(pair, (incoming, response) => {
        const { url = "/", headers } = incoming;
        if (realm !== undefined && headers.authorization === undefined) {
          response.writeHead(401, { "www-authenticate": `Bearer realm="${realm()}",service="x"` }).end();
        } else if (blobsAt !== undefined && url.includes("/blobs/")) {
          response.writeHead(307, { location: `${blobsAt()}${url}` }).end();
        } else relay(incoming, response);
      }),
    );
    site = await openSite({ under: await withNames(folder, [NAME]), env: { SSL_CERT_FILE: authority.certificate } });
  });
  after(async () => {
    await site?.close();
    await contents?.stop();
    for (const server of [plain, secure]) {
      server?.close();
      server?.closeAllConnections();
    }
    await rm(folder, { recursive: true, force: true });
  });

  /** Pulls with a login for the registry; what went out without TLS meanwhile. */
  async function pull(env: Readonly<Record<string, string>> = {}) {
    leaked.length = 0;
    const host = `${NAME}:${portOf(secure)}`;
    const auth = Buffer.from(`${USER}:${PASSWORD}`).toString("base64");
    const login = JSON.stringify({ auths: { [host]: { auth } } });
    const pulled = await site.pull(`${host}/app:1`, { DOCKER_AUTH_CONFIG: login, ...env });
    return { ...pulled, leaked: [...leaked] };
  }

  test("pulls from it as long as it does not", async () => {
    [blobsAt, realm] = [undefined, undefined];
    const pulled = await pull();
    assert.equal(pulled.code, 0, pulled.err);
    assert.equal(pulled.out, `${digest}\n`);
    assert.deepEqual(pulled.leaked, []);
  });

  for (const [what, where] of [
    ["another port of the same name", () => `http://${NAME}:${portOf(plain)}`],
    ["this machine", () => `http://127.0.0.1:${portOf(plain)}`],
  ] as const) {
    test(`does not follow a blob to ${what} over http`, async () => {
      [blobsAt, realm] = [where, undefined];
      const pulled = await pull();
      assert.equal(pulled.code, 65, pulled.err);
      assert.match(pulled.err, /sends us to http:\/\/\S+, which is not encrypted.*\[REGISTRY_PROTOCOL\]/);
      assert.deepEqual(pulled.leaked, []);
    });
  }

  test("does not follow a blob to a private address, even with TLS", async () => {
    [blobsAt, realm] = [() => `https://127.0.0.1:${portOf(secure)}`, undefined];
    const pulled = await pull();
    assert.equal(pulled.code, 65, pulled.err);
    assert.match(pulled.err, /sends us to https:\/\/127\.0\.0\.1:\d+, a private address.*\[REGISTRY_PROTOCOL\]/);
  });

  test("takes no password to a token service over http", async () => {
    [blobsAt, realm] = [undefined, () => `http://${NAME}:${portOf(plain)}/token`];
    const pulled = await pull();
    assert.equal(pulled.code, 65, pulled.err);
    assert.match(pulled.err, /which is not encrypted.*\[REGISTRY_PROTOCOL\]/);
    assert.deepEqual(pulled.leaked, []);
    assert.ok(!pulled.err.includes(PASSWORD));
  });

  test("follows a blob to a host that is listed as insecure, without the credential", async () => {
    [blobsAt, realm] = [() => `http://${NAME}:${portOf(plain)}`, undefined];
    const pulled = await pull({ DOCKERLOADER_INSECURE_REGISTRIES: `${NAME}:${portOf(plain)}` });
    assert.equal(pulled.code, 0, pulled.err);
    assert.ok(
      pulled.leaked.length >= 2 && pulled.leaked.every((line) => line.endsWith(" anonymous")),
      pulled.leaked.join("\n"),
    );
  });
});
