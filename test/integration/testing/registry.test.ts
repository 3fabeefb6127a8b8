import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { digestOf } from "../../../src/digest.ts";
import { readConfig } from "../../../src/config/load.ts";
import { silentLogger } from "../../../src/log/logger.ts";
import { openSource } from "../../../src/registry/open-source.ts";
import { buildImage, startRegistry } from "../../../src/testing/index.ts";
import { errorCode, layerOf, registryFor, smallImage } from "./support.ts";

test("a manifest is served by tag and by digest, with its type, digest and ETag", async (t) => {
  const registry = await registryFor(t);
  const image = await smallImage();
  assert.equal(await registry.push("team/app", "1.0", image), image.digest);
  assert.equal(registry.reference("team/app", "1.0"), `${registry.host}/team/app:1.0`);
  for (const reference of ["1.0", image.digest]) {
    const answer = await fetch(`http://${registry.host}/v2/team/app/manifests/${reference}`);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("content-type"), image.mediaType);
    assert.equal(answer.headers.get("docker-content-digest"), image.digest);
    assert.equal(answer.headers.get("etag"), `"${image.digest}"`);
    assert.deepEqual(Buffer.from(await answer.arrayBuffer()), image.manifest);
  }
});

test("HEAD answers the headers of GET without a body", async (t) => {
  const registry = await registryFor(t);
  const image = await smallImage();
  await registry.push("app", "1", image);
  const answer = await fetch(`http://${registry.host}/v2/app/manifests/1`, { method: "HEAD" });
  assert.equal(answer.headers.get("content-length"), String(image.manifest.length));
  assert.equal(answer.headers.get("docker-content-digest"), image.digest);
  assert.equal((await answer.arrayBuffer()).byteLength, 0);
  assert.equal(registry.requests[0]?.bodyBytes, 0);
});

test("a manifest that the client has already is answered 304, a newer one 200", async (t) => {
  const registry = await registryFor(t);
  const image = await smallImage();
  await registry.push("app", "1", image);
  const url = `http://${registry.host}/v2/app/manifests/1`;
  const ask = (): Promise<Response> => fetch(url, { headers: { "if-none-match": `"other", "${image.digest}"` } });
  const unchanged = await ask();
  assert.equal(unchanged.status, 304);
  assert.equal((await unchanged.arrayBuffer()).byteLength, 0);
  await registry.push("app", "1", await buildImage({ layers: [], labels: { version: "2" } }));
  const changed = await ask();
  assert.equal(changed.status, 200);
  await changed.arrayBuffer();
});

test("a blob is served whole and in parts", async (t) => {
  const registry = await registryFor(t);
  const image = await smallImage();
  await registry.push("app", "1", image);
  const { digest, bytes } = layerOf(image);
  const ask = (range?: string): Promise<Response> =>
    fetch(`http://${registry.host}/v2/app/blobs/${digest}`, range === undefined ? {} : { headers: { range } });
  const whole = await ask();
  assert.equal(whole.status, 200);
  assert.deepEqual(Buffer.from(await whole.arrayBuffer()), bytes);
  const rest = await ask("bytes=10-");
  assert.equal(rest.status, 206);
  assert.equal(rest.headers.get("content-range"), `bytes 10-${bytes.length - 1}/${bytes.length}`);
  assert.deepEqual(Buffer.from(await rest.arrayBuffer()), bytes.subarray(10));
  const middle = await ask("bytes=10-19");
  assert.deepEqual(Buffer.from(await middle.arrayBuffer()), bytes.subarray(10, 20));
  const beyond = await ask(`bytes=${bytes.length}-`);
  assert.equal(beyond.status, 416);
  assert.equal(beyond.headers.get("content-range"), `bytes */${bytes.length}`);
  assert.equal(await errorCode(beyond), "RANGE_INVALID");
});

test("what the registry does not have is an error of the specification", async (t) => {
  const registry = await registryFor(t);
  const base = `http://${registry.host}/v2`;
  const expected = [
    ["/app/manifests/latest", "MANIFEST_UNKNOWN"],
    [`/app/blobs/${digestOf("none")}`, "BLOB_UNKNOWN"],
    ["/nothing", "NAME_UNKNOWN"],
  ] as const;
  for (const [path, code] of expected) {
    const answer = await fetch(`${base}${path}`);
    assert.equal(answer.status, 404);
    assert.equal(await errorCode(answer), code);
  }
});

test("every request is listed with what was asked and answered, without its query", async (t) => {
  const registry = await registryFor(t);
  const image = await smallImage();
  await registry.push("app", "1", image);
  const { digest } = layerOf(image);
  await (await fetch(`http://${registry.host}/v2/?secret=1`)).text();
  const headers = { range: "bytes=0-4", authorization: "Basic eDp5" };
  await (await fetch(`http://${registry.host}/v2/app/blobs/${digest}`, { headers })).arrayBuffer();
  assert.deepEqual(registry.requests, [
    { method: "GET", path: "/v2/", status: 200, authorized: false, bodyBytes: 2 },
    { method: "GET", path: `/v2/app/blobs/${digest}`, status: 206, authorized: true, bodyBytes: 5, range: "bytes=0-4" },
  ]);
});

test("an index lists its images by platform and further entries as they are", async (t) => {
  const registry = await registryFor(t);
  const amd64 = await buildImage({ layers: [], platform: { architecture: "amd64" } });
  const arm64 = await buildImage({ layers: [], platform: { architecture: "arm64" } });
  const extra = { mediaType: "application/vnd.example", digest: digestOf("x"), size: 1 };
  const platform = { os: "linux", architecture: "arm64", variant: "v8" };
  const digest = await registry.pushIndex("app", "1", [{ image: amd64 }, { image: arm64, platform }], [extra]);
  const answer = await fetch(`http://${registry.host}/v2/app/manifests/1`);
  assert.equal(answer.headers.get("docker-content-digest"), digest);
  const { manifests } = (await answer.json()) as { manifests: { digest: string; platform?: object }[] };
  assert.deepEqual(
    manifests.map((entry) => [entry.digest, entry.platform]),
    [
      [amd64.digest, { os: "linux", architecture: "amd64" }],
      [arm64.digest, platform],
      [extra.digest, undefined],
    ],
  );
  const one = await fetch(`http://${registry.host}/v2/app/manifests/${arm64.digest}`);
  assert.deepEqual(Buffer.from(await one.arrayBuffer()), arm64.manifest);
});

test("any bytes can stand as a manifest", async (t) => {
  const registry = await registryFor(t);
  const bytes = Buffer.from("{ not json");
  const digest = registry.putManifest("app", "bad", bytes, "application/x-bad");
  assert.equal(digest, digestOf(bytes));
  const answer = await fetch(`http://${registry.host}/v2/app/manifests/bad`);
  assert.equal(answer.headers.get("content-type"), "application/x-bad");
  assert.equal(await answer.text(), "{ not json");
});

test("the loader's own client reads an image that was pushed, by a token it gets from the registry", async (t) => {
  const auth = { kind: "bearer", username: "robot", password: "secret" } as const;
  const registry = await registryFor(t, { auth });
  const directory = await mkdtemp(join(tmpdir(), "dockerloader-auth-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const authFile = join(directory, "auth.json");
  const pair = Buffer.from(`${auth.username}:${auth.password}`).toString("base64");
  await writeFile(authFile, JSON.stringify({ auths: { [registry.host]: { auth: pair } } }), { mode: 0o600 });
  const { config } = readConfig({ DOCKERLOADER_AUTH_FILE: authFile });
  const image = await smallImage();
  await registry.push("app", "1", image);
  const source = openSource(registry.reference("app", "1"), { config, env: {}, log: silentLogger });
  t.after(source.close);
  const remote = await source.image();
  assert.equal(remote.digest, image.digest);
  assert.deepEqual(remote.configBytes, image.config);
});

test("stop ends open connections, and a second stop is harmless", async () => {
  const registry = await startRegistry();
  await (await fetch(`http://${registry.host}/v2/`)).text();
  await registry.stop();
  await registry.stop();
  await assert.rejects(fetch(`http://${registry.host}/v2/`), TypeError);
});
