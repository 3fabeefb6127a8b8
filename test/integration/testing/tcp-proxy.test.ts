import assert from "node:assert/strict";
import { createServer } from "node:net";
import { connect, type AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { once } from "node:events";
import { type ConnectionPlan, startTcpProxy, type TcpProxy } from "../../../src/testing/index.ts";

const SPEECH = Buffer.from("0123456789".repeat(2_000));

/** A server that says its speech to whoever comes and then ends, behind a proxy. */
async function proxyFor(t: TestContext, plan: ConnectionPlan): Promise<TcpProxy> {
  const server = createServer((socket) => socket.end(SPEECH).on("error", () => {}));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const proxy = await startTcpProxy(`127.0.0.1:${(server.address() as AddressInfo).port}`, plan);
  t.after(async () => {
    await proxy.stop();
    server.close();
  });
  return proxy;
}

/** Listens until the connection is over, or until `enough` bytes have come; how it ended. */
function listen({ host }: TcpProxy, enough = Infinity): Promise<{ heard: Buffer; end: string }> {
  const { hostname, port } = new URL(`tcp://${host}`);
  const parts: Buffer[] = [];
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    const settle = (end: string): void => {
      resolve({ heard: Buffer.concat(parts), end });
      socket.destroy();
    };
    socket.on("data", (part) => {
      parts.push(part);
      if (Buffer.concat(parts).length >= enough) settle("still open");
    });
    socket.once("end", () => settle("end"));
    socket.once("error", (error: NodeJS.ErrnoException) => settle(error.code ?? error.message));
  });
}

test("without a fault all bytes come through, and connections are counted from 1", async (t) => {
  const seen: number[] = [];
  const proxy = await proxyFor(t, (connection) => void seen.push(connection));
  assert.deepEqual(await listen(proxy), { heard: SPEECH, end: "end" });
  await listen(proxy);
  assert.deepEqual([seen, proxy.connections()], [[1, 2], 2]);
});

test("reset: the connection is torn down, and nothing behind the byte comes", async (t) => {
  const proxy = await proxyFor(t, () => ({ kind: "reset", afterBytes: 12_345 }));
  const { heard, end } = await listen(proxy);
  assert.equal(end, "ECONNRESET");
  // A reset may overtake what was sent before it.
  assert.ok(heard.length <= 12_345);
});

test("end: so many bytes, then a proper end", async (t) => {
  const proxy = await proxyFor(t, () => ({ kind: "end", afterBytes: 12_345 }));
  assert.deepEqual(await listen(proxy), { heard: SPEECH.subarray(0, 12_345), end: "end" });
});

test("freeze: so many bytes, and the connection stays open", async (t) => {
  const proxy = await proxyFor(t, () => ({ kind: "freeze", afterBytes: 12_345 }));
  assert.deepEqual(await listen(proxy, 12_345), { heard: SPEECH.subarray(0, 12_345), end: "still open" });
});

test("flip: one bit of one byte is another", async (t) => {
  const proxy = await proxyFor(t, (connection) => (connection === 1 ? { kind: "flip", atByte: 12_345 } : undefined));
  const changed = Buffer.from(SPEECH);
  changed[12_345] = (changed[12_345] ?? 0) ^ 1;
  assert.deepEqual(await listen(proxy), { heard: changed, end: "end" });
  assert.deepEqual(await listen(proxy), { heard: SPEECH, end: "end" });
});
