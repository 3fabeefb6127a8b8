import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createAppender } from "../../../src/store/append.ts";

type Handle = Parameters<typeof createAppender>[0];

/** A file as slow and as stingy as one likes: `take` says how many bytes of those offered it accepts, or throws. */
function stingyFile(take: (offered: number) => number): { handle: Handle; content: () => Buffer; calls: () => number } {
  const parts: Buffer[] = [];
  let calls = 0;
  const writev = async (buffers: readonly NodeJS.ArrayBufferView[]) => {
    calls += 1;
    const offered = Buffer.concat(buffers as Uint8Array[]);
    await new Promise(setImmediate);
    const bytesWritten = take(offered.length);
    parts.push(offered.subarray(0, bytesWritten));
    return { bytesWritten, buffers };
  };
  return { handle: { writev } as Handle, content: () => Buffer.concat(parts), calls: () => calls };
}

async function realFile(t: TestContext): Promise<{ path: string; handle: Handle }> {
  const folder = await mkdtemp(join(tmpdir(), "dockerloader-append-"));
  const path = join(folder, "file");
  const handle = await open(path, "a");
  t.after(async () => {
    await handle.close();
    await rm(folder, { recursive: true, force: true });
  });
  return { path, handle };
}

test("everything is in the file after a flush, in order, whatever the chunks are", async (t) => {
  const { path, handle } = await realFile(t);
  const { write, flush } = createAppender(handle);
  const chunks = [0, 1, 65_536, 3_000_000, 0, 7, 65_536, 65_536].map((size) => randomBytes(size));
  for (const chunk of chunks) await write(Buffer.from(chunk));
  for (let small = 0; small < 5_000; small += 1) await write(Buffer.from([small & 255]));
  await flush();
  const small = Buffer.from(Array.from({ length: 5_000 }, (_, index) => index & 255));
  assert.ok((await readFile(path)).equals(Buffer.concat([...chunks, small])));
});

test("a write that took only a part is continued behind that part", async () => {
  const file = stingyFile((offered) => Math.min(offered, 7));
  const { write, flush } = createAppender(file.handle);
  const chunks = [randomBytes(20), randomBytes(0), randomBytes(7), randomBytes(1)];
  for (const chunk of chunks) void write(Buffer.from(chunk));
  await flush();
  assert.ok(file.content().equals(Buffer.concat(chunks)));
});

test("chunks gather while a call is under way", async () => {
  const file = stingyFile((offered) => offered);
  const { write, flush } = createAppender(file.handle);
  for (let count = 0; count < 1_000; count += 1) assert.equal(write(Buffer.alloc(1)), undefined);
  await flush();
  assert.equal(file.content().length, 1_000);
  assert.equal(file.calls(), 2);
});

test("the source waits once four mebibytes are behind, and no longer than that", async () => {
  const file = stingyFile((offered) => offered);
  const { write } = createAppender(file.handle);
  assert.equal(write(Buffer.alloc(65_536)), undefined);
  const waits = Array.from({ length: 64 }, () => write(Buffer.alloc(65_536)));
  assert.deepEqual(
    waits.map((wait) => wait !== undefined),
    [...Array<boolean>(63).fill(false), true],
  );
  await waits[63];
  assert.equal(file.content().length, 65 * 65_536);
});

test("a failure reaches the next write and every flush, until it is forgotten", async () => {
  let broken = true;
  const file = stingyFile((offered) => {
    if (broken) throw new Error("disk full");
    return offered;
  });
  const { write, flush, forget } = createAppender(file.handle);
  assert.equal(write(Buffer.from("lost")), undefined);
  await assert.rejects(flush(), /disk full/);
  await assert.rejects(async () => write(Buffer.from("lost too")), /disk full/);
  await assert.rejects(flush(), /disk full/);
  broken = false;
  await forget();
  await write(Buffer.from("kept"));
  await flush();
  assert.equal(file.content().toString(), "kept");
});

test("what waits is dropped by forget; the call under way is waited for", async () => {
  const file = stingyFile((offered) => offered);
  const { write, flush, forget } = createAppender(file.handle);
  void write(Buffer.from("under way"));
  void write(Buffer.from("waits"));
  await forget();
  await flush();
  assert.equal(file.content().toString(), "under way");
});

test("the memory of a chunk is given back once it is in the file, unless it is a part of something larger", async (t) => {
  const { path, handle } = await realFile(t);
  const { write, flush } = createAppender(handle);
  const own = Buffer.alloc(65_536, "a");
  const larger = Buffer.alloc(65_536, "b");
  await write(own);
  await write(larger.subarray(0, 65_535));
  await flush();
  assert.deepEqual([own.length, larger.length], [0, 65_536]);
  assert.equal((await readFile(path)).length, 2 * 65_536 - 1);
});

test("who follows hears how many bytes are in the file since the last forget", async (t) => {
  const { handle } = await realFile(t);
  const heard: number[] = [];
  const { write, flush, forget } = createAppender(handle, (bytes) => heard.push(bytes));
  await write(Buffer.alloc(10));
  await flush();
  await write(Buffer.alloc(5));
  await flush();
  await forget();
  await write(Buffer.alloc(3));
  await flush();
  assert.deepEqual(heard, [10, 15, 3]);
});
