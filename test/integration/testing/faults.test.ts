import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Fault } from "../../../src/testing/index.ts";
import { layerOf, registryFor, smallImage } from "./support.ts";

/** A registry whose blob fails at the first attempt and is whole at the second. */
async function failingOnce(t: TestContext, fault: Fault) {
  const registry = await registryFor(t);
  const image = await smallImage();
  await registry.push("app", "1", image);
  const { digest, bytes } = layerOf(image);
  const remove = registry.fault(({ path, attempt }) => (path.includes("/blobs/") && attempt === 1 ? fault : undefined));
  const get = (signal?: AbortSignal): Promise<Response> =>
    fetch(`http://${registry.host}/v2/app/blobs/${digest}`, signal === undefined ? {} : { signal });
  return { registry, bytes, get, remove };
}

/** Reads until the stream fails; what came before that. */
async function readUntilError(answer: Response): Promise<{ received: Buffer; error: unknown }> {
  const parts: Uint8Array[] = [];
  try {
    for await (const part of answer.body ?? []) parts.push(part);
  } catch (error) {
    return { received: Buffer.concat(parts), error };
  }
  return { received: Buffer.concat(parts), error: undefined };
}

test("status: the answer is the given one, with headers and body, and the next request is served", async (t) => {
  const { get, bytes } = await failingOnce(t, {
    kind: "status",
    status: 429,
    headers: { "retry-after": "7" },
    body: "slow down",
  });
  const refused = await get();
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get("retry-after"), "7");
  assert.equal(await refused.text(), "slow down");
  assert.deepEqual(Buffer.from(await (await get()).arrayBuffer()), bytes);
});

test("cut: the length is the real one, a part of the body comes, then the connection breaks", async (t) => {
  const { get, bytes, registry } = await failingOnce(t, { kind: "cut", afterBytes: 20 });
  const answer = await get();
  assert.equal(answer.headers.get("content-length"), String(bytes.length));
  const { received, error } = await readUntilError(answer);
  assert.ok(error instanceof Error);
  assert.deepEqual(received, bytes.subarray(0, 20));
  assert.equal(registry.requests[0]?.bodyBytes, 20);
});

test("stall: a part of the body comes, then nothing, until the client gives up", async (t) => {
  const { get, bytes, registry } = await failingOnce(t, { kind: "stall", afterBytes: 20 });
  const giveUp = new AbortController();
  const answer = await get(giveUp.signal);
  const reader = answer.body?.getReader();
  const first = await reader?.read();
  assert.deepEqual(Buffer.from(first?.value ?? []), bytes.subarray(0, 20));
  const second = reader?.read();
  giveUp.abort();
  await assert.rejects(second ?? Promise.resolve(), { name: "AbortError" });
  assert.deepEqual([registry.requests[0]?.status, registry.requests[0]?.bodyBytes], [200, 20]);
});

test("stall after no byte: the headers come and nothing else, and stop ends the connection", async (t) => {
  const { get, registry } = await failingOnce(t, { kind: "stall", afterBytes: 0 });
  const answer = await get();
  assert.equal(answer.status, 200);
  const [{ received, error }] = await Promise.all([readUntilError(answer), registry.stop()]);
  assert.ok(error instanceof Error);
  assert.equal(received.length, 0);
});

test("corrupt: as many bytes as there should be, one of them wrong", async (t) => {
  const { get, bytes } = await failingOnce(t, { kind: "corrupt" });
  const received = Buffer.from(await (await get()).arrayBuffer());
  assert.equal(received.length, bytes.length);
  assert.equal(received.filter((byte, at) => byte !== bytes[at]).length, 1);
  assert.deepEqual(Buffer.from(await (await get()).arrayBuffer()), bytes);
});

test("reset: the connection breaks before an answer, and the request is listed without a status", async (t) => {
  const { get, registry, remove } = await failingOnce(t, { kind: "reset" });
  await assert.rejects(get(), TypeError);
  assert.equal(registry.requests[0]?.status, 0);
  remove();
  assert.equal((await get()).status, 200);
});

test("a fault plays on the token service too", async (t) => {
  const registry = await registryFor(t, { auth: { kind: "bearer", username: "u", password: "p" } });
  registry.fault(({ path }) => (path === "/token" ? { kind: "status", status: 503 } : undefined));
  assert.equal((await fetch(`http://${registry.host}/token?service=x`)).status, 503);
});

test("silence: nothing comes until the client gives up, and the request is listed without a status", async (t) => {
  const { get, registry, remove } = await failingOnce(t, { kind: "silence" });
  const giveUp = new AbortController();
  const request = get(giveUp.signal);
  while (!registry.requests.some(({ path }) => path.includes("/blobs/"))) await new Promise(setImmediate);
  giveUp.abort();
  await assert.rejects(request, { name: "AbortError" });
  assert.deepEqual(
    registry.requests.filter(({ path }) => path.includes("/blobs/")).map(({ status }) => status),
    [0],
  );
  assert.equal((await get()).status, 200);
  remove();
});

test("dribble: the whole body in pieces", async (t) => {
  const { get, bytes, registry } = await failingOnce(t, { kind: "dribble", bytes: 7, everyMs: 1 });
  assert.deepEqual(Buffer.from(await (await get()).arrayBuffer()), bytes);
  assert.equal(registry.requests[0]?.bodyBytes, bytes.length);
});

test("endless: more than the body, until the client has had enough", async (t) => {
  const { get, bytes } = await failingOnce(t, { kind: "endless" });
  const giveUp = new AbortController();
  const answer = await get(giveUp.signal);
  let received = 0;
  for await (const part of answer.body ?? []) {
    received += part.length;
    if (received > 20 * bytes.length) break;
  }
  giveUp.abort();
  assert.ok(received > 20 * bytes.length);
});

test("length: more or fewer bytes are announced than come", async (t) => {
  const more = await failingOnce(t, { kind: "length", by: 3 });
  const { received } = await readUntilError(await more.get());
  assert.deepEqual(received, more.bytes);
  const fewer = await failingOnce(t, { kind: "length", by: -3 });
  const answer = await fewer.get();
  assert.equal(answer.headers.get("content-length"), String(fewer.bytes.length - 3));
});

test("headers: those of the real answer are replaced or added", async (t) => {
  const { get, bytes } = await failingOnce(t, {
    kind: "headers",
    headers: { "docker-content-digest": "x", etag: "y" },
  });
  const answer = await get();
  assert.deepEqual([answer.headers.get("docker-content-digest"), answer.headers.get("etag")], ["x", "y"]);
  assert.deepEqual(Buffer.from(await answer.arrayBuffer()), bytes);
});
