import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { request } from "node:https";
import { buffer } from "node:stream/consumers";
import type { IncomingHttpHeaders } from "node:http";
import { test } from "node:test";
import { createIdentity } from "../../../src/testing/index.ts";
import { layerOf, registryFor, smallImage } from "./support.ts";

/** One GET that trusts these authorities; rejects when the server's certificate is none of theirs. */
function get(url: string, ca: string): Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }> {
  return new Promise((resolve, reject) => {
    request(url, { ca, agent: false }, (answer) => {
      const { statusCode = 0, headers } = answer;
      buffer(answer).then((body) => resolve({ status: statusCode, headers, body }), reject);
    })
      .once("error", reject)
      .end();
  });
}

test("a registry with a certificate speaks https to who trusts it, and names https addresses", async (t) => {
  const tls = createIdentity();
  const registry = await registryFor(t, { tls, auth: { kind: "bearer", username: "robot", password: "secret" } });
  await registry.push("app", "1", await smallImage());
  for (const name of [registry.host, registry.host.replace("127.0.0.1", "localhost")]) {
    const { status, headers } = await get(`https://${name}/v2/app/manifests/1`, tls.certificate);
    assert.equal(status, 401);
    assert.match(headers["www-authenticate"] ?? "", new RegExp(`realm="https://${name}/token"`));
  }
  const other = createIdentity();
  await assert.rejects(get(`https://${registry.host}/v2/`, other.certificate), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
});

test("a certificate is made for the names it was asked for, and for no other", async (t) => {
  const tls = createIdentity(["registry.test", "127.0.0.2"]);
  const certificate = new X509Certificate(tls.certificate);
  assert.equal(certificate.subjectAltName, "DNS:registry.test, IP Address:127.0.0.2");
  assert.ok(certificate.ca);
  assert.equal(certificate.checkHost("registry.test"), "registry.test");
  assert.equal(certificate.checkIP("127.0.0.1"), undefined);
  const registry = await registryFor(t, { tls });
  await assert.rejects(get(`https://${registry.host}/v2/`, tls.certificate), { code: "ERR_TLS_CERT_ALTNAME_INVALID" });
});

test("over https a blob is what it is over http", async (t) => {
  const tls = createIdentity();
  const registry = await registryFor(t, { tls });
  const image = await smallImage();
  await registry.push("app", "1", image);
  const { digest, bytes } = layerOf(image);
  assert.deepEqual((await get(`https://${registry.host}/v2/app/blobs/${digest}`, tls.certificate)).body, bytes);
});
