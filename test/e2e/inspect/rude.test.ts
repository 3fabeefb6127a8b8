/** Viewers and scrapes that hang, never read, lie or vanish, all at once: app and loader go on as if nobody looked. */
import assert from "node:assert/strict";
import { appendFileSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { CHECKING } from "../cli/support/apps.ts";
import { openShellLab, type ShellLab } from "../support/shell-lab.ts";
import { freePort } from "./support/free-port.ts";
import { childrenWith } from "./support/processes.ts";

const NOISE_LINES = 20_000;

describe("rude viewers", () => {
  let lab: ShellLab;
  const sockets: Socket[] = [];
  beforeEach(async () => {
    lab = await openShellLab();
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await lab.close();
  });

  /** Connects, says something and never reads an answer. */
  async function say(port: number, text: string | Buffer): Promise<Socket> {
    const socket = connect(port, "127.0.0.1").pause();
    sockets.push(socket);
    socket.on("error", () => {});
    await once(socket, "connect");
    socket.write(text);
    return socket;
  }

  test("do not keep an update from being checked, tried and committed, and the observer outlives them", async () => {
    const [page, metrics] = [await freePort(), await freePort()];
    const mark = join(lab.folder, "mark");
    await lab.push(CHECKING);
    const env = {
      MARK: mark,
      DOCKERLOADER_INSPECT: `127.0.0.1:${page}`,
      DOCKERLOADER_METRICS: `127.0.0.1:${metrics}`,
    };
    const loader = lab.start({ env });
    await loader.until("live view on");
    await loader.until("looked");
    const { url } = JSON.parse((await lab.command(["inspect", "--json"])).out) as { url: string };
    const token = new URL(url).searchParams.get("token") ?? "";
    const observers = childrenWith(loader.process.pid ?? 0, "observe");

    for (let at = 0; at < 15; at += 1) {
      // A page that never reads, a scrape that never ends, a scrape that never reads, and somebody who is no browser.
      await say(page, `GET /updates?token=${token} HTTP/1.1\r\nHost: x\r\n\r\n`);
      await say(metrics, "GET /metrics HTTP/1.1\r\nHost: x\r\n");
      await say(metrics, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(200));
      const liar = await say(at % 2 === 0 ? page : metrics, Buffer.alloc(100_000, at));
      if (at % 3 === 0) liar.destroy();
      (
        await say(page, `POST /?token=${token} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nx`)
      ).resetAndDestroy();
    }
    const noise = { time: "2999-01-01T00:00:00.000Z", level: "info", event: "registry.note", message: "x".repeat(60) };
    const line = `${JSON.stringify({ ...noise, component: "app", pid: 1 })}\n`;
    appendFileSync(join(lab.dataDir, "state/events.jsonl"), line.repeat(NOISE_LINES));

    const digest = await lab.push(`dockerloader ready; echo second; trap 'exit 0' TERM; while :; do sleep 0.05; done`);
    writeFileSync(mark, "");
    await loader.until("second");
    await loader.until("trial committed");
    assert.equal(await lab.stable(), digest);
    assert.equal((await lab.command(["status"])).code, 0);

    for (const socket of sockets) socket.destroy();
    let answer = "";
    while (!answer.includes(digest)) {
      const scrape = await fetch(`http://127.0.0.1:${metrics}/metrics`).catch(() => undefined);
      answer = (await scrape?.text().catch(() => "")) ?? "";
    }
    assert.deepEqual(childrenWith(loader.process.pid ?? 0, "observe"), observers, "it has not even been started again");
    assert.equal((await loader.kill("SIGTERM")).code, 0);
  });
});
