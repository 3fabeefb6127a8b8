import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf } from "../../../src/digest.ts";
import type { TestRegistry } from "../../../src/testing/index.ts";
import { errorCode, registryFor, smallImage } from "./support.ts";

const BYTES = Buffer.from("the bytes of a blob");
const DIGEST = digestOf(BYTES);

/** Opens an upload; the URL to go on with. */
async function open(registry: TestRegistry): Promise<string> {
  const answer = await fetch(`http://${registry.host}/v2/app/blobs/uploads/`, { method: "POST" });
  assert.equal(answer.status, 202);
  return `http://${registry.host}${answer.headers.get("location") ?? ""}`;
}

async function assertStored(registry: TestRegistry): Promise<void> {
  const answer = await fetch(`http://${registry.host}/v2/app/blobs/${DIGEST}`);
  assert.deepEqual(Buffer.from(await answer.arrayBuffer()), BYTES);
}

test("a blob is uploaded by one POST", async (t) => {
  const registry = await registryFor(t);
  const url = `http://${registry.host}/v2/app/blobs/uploads/?digest=${DIGEST}`;
  const answer = await fetch(url, { method: "POST", body: BYTES });
  assert.equal(answer.status, 201);
  assert.equal(answer.headers.get("docker-content-digest"), DIGEST);
  await assertStored(registry);
});

test("a blob is uploaded by POST and PUT", async (t) => {
  const registry = await registryFor(t);
  const answer = await fetch(`${await open(registry)}?digest=${DIGEST}`, { method: "PUT", body: BYTES });
  assert.equal(answer.status, 201);
  await assertStored(registry);
});

test("a blob is uploaded in chunks, and a chunk out of order is refused", async (t) => {
  const registry = await registryFor(t);
  const url = await open(registry);
  const patch = (body: Buffer, range: string): Promise<Response> =>
    fetch(url, { method: "PATCH", body, headers: { "content-range": range } });
  const first = await patch(BYTES.subarray(0, 5), "0-4");
  assert.deepEqual([first.status, first.headers.get("range")], [202, "0-4"]);
  const skipped = await patch(BYTES.subarray(9), "9-18");
  assert.equal(skipped.status, 416);
  const state = await fetch(url);
  assert.deepEqual([state.status, state.headers.get("range")], [204, "0-4"]);
  assert.equal((await patch(BYTES.subarray(5), "5-18")).status, 202);
  assert.equal((await fetch(`${url}?digest=${DIGEST}`, { method: "PUT" })).status, 201);
  await assertStored(registry);
});

test("content that has another digest is refused and not stored", async (t) => {
  const registry = await registryFor(t);
  const url = `${await open(registry)}?digest=${DIGEST}`;
  const answer = await fetch(url, { method: "PUT", body: Buffer.from("something else") });
  assert.equal(answer.status, 400);
  assert.equal(await errorCode(answer), "DIGEST_INVALID");
  assert.equal((await fetch(`http://${registry.host}/v2/app/blobs/${DIGEST}`)).status, 404);
});

test("an upload that was cancelled, or never opened, is unknown", async (t) => {
  const registry = await registryFor(t);
  const url = await open(registry);
  assert.equal((await fetch(url, { method: "DELETE" })).status, 204);
  const answer = await fetch(url, { method: "PATCH", body: BYTES });
  assert.equal(answer.status, 404);
  assert.equal(await errorCode(answer), "BLOB_UPLOAD_UNKNOWN");
});

test("a manifest is put by tag; by digest only when it has that digest", async (t) => {
  const registry = await registryFor(t);
  const image = await smallImage();
  const put = (reference: string): Promise<Response> =>
    fetch(`http://${registry.host}/v2/app/manifests/${reference}`, {
      method: "PUT",
      body: new Uint8Array(image.manifest),
      headers: { "content-type": image.mediaType },
    });
  assert.equal((await put("1")).status, 201);
  assert.equal((await put(image.digest)).status, 201);
  assert.equal((await put(digestOf("other"))).status, 400);
  const answer = await fetch(`http://${registry.host}/v2/app/manifests/1`);
  assert.equal(answer.headers.get("docker-content-digest"), image.digest);
  assert.equal(answer.headers.get("content-type"), image.mediaType);
});
