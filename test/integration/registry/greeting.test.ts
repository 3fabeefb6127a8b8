/** Who is spoken to in TLS: found out by one message, before anything else is sent. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { test, type TestContext } from "node:test";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { LIMITS } from "../../../src/limits.ts";
import { createOrigins } from "../../../src/registry/origins.ts";
import { createIdentity } from "../../../src/testing/certificate.ts";

/** What a client makes of a server that listens here, by the name it knows it by; it is asked twice. */
async function schemeOf(t: TestContext, server: Server, name = "127.0.0.1"): Promise<string> {
  server.listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const origins = createOrigins(() => false, LIMITS);
  const registry = `${name}:${(server.address() as AddressInfo).port}`;
  const { protocol } = await origins.base(registry);
  assert.equal((await origins.base(registry)).protocol, protocol);
  return protocol;
}

const tls = (options: TlsOptions): Server => {
  const { certificate, key } = createIdentity();
  const server = createTlsServer({ cert: certificate, key, ...options });
  // Whoever only greets ends in the middle of a handshake.
  return server.on("tlsClientError", () => {});
};

const IN_TLS: Readonly<Record<string, TlsOptions>> = {
  "TLS 1.3": { minVersion: "TLSv1.3" },
  "TLS 1.2": { maxVersion: "TLSv1.2" },
  "TLS and wants a certificate of ours": { requestCert: true, rejectUnauthorized: true },
  "TLS and refuses everything that we can do": { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-CHACHA20-POLY1305" },
};

for (const [what, options] of Object.entries(IN_TLS)) {
  test(`who speaks ${what} is spoken to in it`, async (t) => {
    assert.equal(await schemeOf(t, tls(options)), "https:");
  });
}

test("a host is greeted by its name", async (t) => {
  const names: string[] = [];
  const server = tls({
    SNICallback: (name, done) => {
      names.push(name);
      done(null);
    },
  });
  assert.equal(await schemeOf(t, server, "localhost"), "https:");
  assert.deepEqual(names, ["localhost"]);
});

test("who answers in clear text is spoken to in clear text", async (t) => {
  assert.equal(await schemeOf(t, createHttpServer()), "http:");
});

test("who hangs up without a word is asked again", async (t) => {
  let calls = 0;
  const server = createTcpServer((socket) => {
    calls += 1;
    socket.on("error", () => {}).destroy();
  });
  assert.equal(await schemeOf(t, server), "http:");
  assert.equal(calls, 2);
});
