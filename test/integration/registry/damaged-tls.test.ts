/** A bit that turns over on the way breaks a record of TLS: an accident of the network, not a certificate nobody trusts. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { buildImage, createIdentity, startRegistry, startTcpProxy } from "../../../src/testing/index.ts";
import { open } from "./service.ts";

const BYTES = 1024 * 1024;

test("a transfer goes on after a damaged record, and ends with the right bytes", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "dockerloader-tls-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const identity = createIdentity();
  const authority = join(folder, "ca.crt");
  writeFileSync(authority, identity.certificate);
  await using registry = await startRegistry({ tls: identity });
  await registry.push("app", "1", await buildImage({ layers: [{ files: { bulk: randomBytes(BYTES) } }] }));
  let begun = false;
  // Hits the connection that the layer comes on: no other one carries that much.
  await using proxy = await startTcpProxy(registry.host, () =>
    begun ? undefined : { kind: "flip", atByte: BYTES / 2 },
  );
  using opened = open(`${proxy.host}/app:1`, { DOCKERLOADER_CA_FILE: authority }, { requestTries: 3, retryBaseMs: 1 });
  const [layer] = (await opened.source.image()).manifest.layers;
  assert.ok(layer !== undefined && layer.size > BYTES);
  let received = 0;
  const before = proxy.connections();
  await opened.source.blob(layer, {
    write: (chunk) => {
      received += chunk.length;
      // The next connection is a sound one.
      begun = true;
    },
    reset: () => void (received = 0),
  });
  assert.equal(received, layer.size);
  assert.ok(proxy.connections() > before, "nothing was damaged");
});
