/** Whoever looks cannot touch: the live view, the metrics and the event descriptor of a real loader. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, test } from "node:test";
import { COMMAND } from "../support/lab.ts";
import { openShellLab, type ShellLab } from "../support/shell-lab.ts";
import { freePort } from "./support/free-port.ts";
import { childrenWith } from "./support/processes.ts";

const SERVE = "trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done";

describe("the observer of a loader", () => {
  let lab: ShellLab;
  beforeEach(async () => {
    lab = await openShellLab();
  });
  afterEach(() => lab.close());

  test("is not there when nothing is on", async () => {
    await lab.push(SERVE);
    const loader = lab.start();
    await loader.until("up");
    assert.deepEqual(childrenWith(loader.process.pid ?? 0, "observe"), []);
  });

  test("serves the page to whoever has the token, with a policy that allows nothing else, and to nobody else", async () => {
    const port = await freePort();
    await lab.push(SERVE);
    const loader = lab.start({ env: { DOCKERLOADER_INSPECT: `127.0.0.1:${port}` } });
    await loader.until("live view on");
    await loader.until("up");
    assert.doesNotMatch(loader.text(), /token=[\w-]{8}/);
    const { url } = JSON.parse((await lab.command(["inspect", "--json"])).out) as { url: string };
    assert.equal(statSync(join(lab.dataDir, "state/inspector.json")).mode & 0o777, 0o600);

    const origin = `http://127.0.0.1:${port}`;
    for (const path of ["/", "/updates", "/view.json", "/?token=wrong", "/nothing"]) {
      assert.equal((await fetch(origin + path)).status, 401, path);
    }
    assert.equal((await fetch(url, { method: "POST" })).status, 405);
    const entry = await fetch(url, { redirect: "manual" });
    assert.equal(entry.status, 303);
    const [cookie = ""] = (entry.headers.get("set-cookie") ?? "").split(";");
    assert.match(entry.headers.get("set-cookie") ?? "", /HttpOnly; SameSite=Strict/);
    const page = await fetch(origin, { headers: { cookie } });
    assert.equal(page.status, 200);
    const policy = page.headers.get("content-security-policy") ?? "";
    assert.match(
      policy,
      /^default-src 'none'; style-src 'sha256-[^ ]+'; script-src 'sha256-[^ ]+'; connect-src 'self'/,
    );
    assert.doesNotMatch(policy, /unsafe|\*|http/);
    interface Shown {
      readonly view: {
        readonly supervisor: { readonly state: string };
        readonly child: { readonly digest: string } | null;
      };
    }
    const look = async (): Promise<Shown> =>
      (await (await fetch(`${origin}/view.json`, { headers: { cookie } })).json()) as Shown;
    let shown = await look();
    while (shown.view.supervisor.state !== "committed") shown = await look();
    assert.equal(shown.view.child?.digest, await lab.stable());
    const pid = childrenWith(loader.process.pid ?? 0, "observe")[0] ?? 0;
    const sockets = readFileSync(`/proc/${pid}/net/tcp`, "utf8");
    const listening = new RegExp(`: 0100007F:${port.toString(16).toUpperCase().padStart(4, "0")} 00000000:0000 0A`);
    assert.match(sockets, listening, "listens on loopback");
    await loader.kill("SIGTERM");
    assert.equal((await lab.names("state")).includes("inspector.json"), false);
  });

  test("may crash, hang or find its port taken: the app keeps its process, the loader its code, and it is started again", async () => {
    const port = await freePort();
    const taken = createServer().listen(port, "127.0.0.1");
    await once(taken, "listening");
    await lab.push('echo "up $$"; trap "exit 9" TERM; while :; do sleep 0.05; done');
    const loader = lab.start({ env: { DOCKERLOADER_INSPECT: `127.0.0.1:${port}` } });
    await loader.until("up ");
    await loader.until("the observer is gone");
    assert.match(loader.text(), /EADDRINUSE; another process has this port/);
    await new Promise((resolve) => taken.close(resolve));
    await loader.until("live view on");
    const pid = Number(/up (\d+)/.exec(loader.text())?.[1]);
    const [first = 0] = childrenWith(loader.process.pid ?? 0, "observe");
    process.kill(first, "SIGKILL");
    const from = loader.text().length;
    await loader.until("live view on", from);
    const [second = 0] = childrenWith(loader.process.pid ?? 0, "observe");
    assert.notEqual(second, first);
    process.kill(second, "SIGSTOP");
    process.kill(pid, 0);
    assert.equal((await lab.command(["status"])).code, 0);
    const { code, out } = await loader.kill("SIGTERM");
    assert.equal(code, 9);
    assert.equal([...out.matchAll(/up \d+/g)].length, 1, "one app, started once");
  });

  test("ends with a loader that is killed", async () => {
    const port = await freePort();
    await lab.push("echo up $$; exec sleep 300");
    const loader = lab.start({ env: { DOCKERLOADER_METRICS: `127.0.0.1:${port}` } });
    await loader.until("up ");
    const app = Number(/up (\d+)/.exec(loader.text())?.[1]);
    let ready = false;
    while (!ready)
      ready = await fetch(`http://127.0.0.1:${port}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    const closed = once(socket, "close");
    loader.process.kill("SIGKILL");
    await closed;
    process.kill(app, "SIGKILL");
  });

  test("serves metrics, health and readiness that follow the app", async () => {
    const port = await freePort();
    const ask = async (path: string): Promise<{ status: number; text: string }> => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`);
      return { status: answer.status, text: await answer.text() };
    };
    const mark = join(lab.folder, "mark");
    await lab.push(
      'dockerloader check; [ $? = 42 ] && exit 42; echo up; until [ -e "$MARK" ]; do sleep 0.05; done; dockerloader check; exit 42',
    );
    const loader = lab.start({ env: { MARK: mark, DOCKERLOADER_METRICS: `127.0.0.1:${port}` } });
    await loader.until("up");
    while ((await ask("/readyz").catch(() => ({ status: 0 }))).status !== 200);
    assert.deepEqual(await ask("/healthz"), { status: 200, text: "ok\n" });
    const stable = await lab.stable();
    while (!(await ask("/metrics")).text.includes('checks_total{result="current"} 1'));
    const { text } = await ask("/metrics");
    assert.match(text, /dockerloader_state\{machine="supervisor",state="committed"\} 1/);
    assert.match(text, new RegExp(`running_info\\{reference="${lab.target}",digest="${stable}",version=""\\} 1`));
    await lab.push("sleep 300");
    writeFileSync(mark, "");
    await loader.until("trial mode: true");
    while (!(await ask("/metrics")).text.includes('state="trial"} 1'));
    assert.deepEqual(await ask("/readyz"), { status: 503, text: "state trial\n" });
    assert.equal((await ask("/healthz")).status, 200);
    assert.match((await ask("/metrics")).text, /update_available 1/);
    assert.equal((await ask("/")).status, 404);
  });

  test("hands every event of the loader's life to a descriptor, from the first line to the last", async () => {
    await lab.push("exit 4");
    const child = spawn("dockerloader", [], {
      env: {
        ...process.env,
        PATH: `${join(lab.folder, "bin")}:${process.env["PATH"]}`,
        DOCKERLOADER_DATA_DIR: lab.dataDir,
        DOCKERLOADER_TARGET: lab.target,
        DOCKERLOADER_EVENTS_FD: "5",
      },
      stdio: ["ignore", "ignore", "ignore", "ignore", "ignore", "pipe"],
    });
    const lines: { event: string; component: string }[] = [];
    const pipe = (child.stdio as readonly unknown[])[5] as Readable;
    createInterface({ input: pipe }).on("line", (line) => lines.push(JSON.parse(line) as (typeof lines)[number]));
    const [code] = (await once(child, "close")) as [number];
    assert.equal(code, 4);
    assert.equal(lines[0]?.event, "loader.started");
    assert.equal(lines.at(-1)?.event, "loader.exited");
    for (const event of ["image.extracted", "child.exited", "supervisor.state"]) {
      assert.ok(
        lines.some((line) => line.event === event),
        event,
      );
    }
    assert.deepEqual(new Set(lines.map(({ component }) => component)), new Set(["loader", "cli"]));
  });

  test("a reader of the descriptor that never reads holds up nothing", async () => {
    await lab.push(
      'yes "{\\"time\\":\\"2999-01-01T00:00:00.000Z\\",\\"event\\":\\"noise\\"}" | head -c 3000000 >>"$DOCKERLOADER_DATA_DIR/state/events.jsonl"; sleep 1; exit 5',
    );
    const child = spawn(COMMAND, [], {
      env: {
        ...process.env,
        PATH: `${join(lab.folder, "bin")}:${process.env["PATH"]}`,
        DOCKERLOADER_DATA_DIR: lab.dataDir,
        DOCKERLOADER_TARGET: lab.target,
        DOCKERLOADER_EVENTS_FD: "3",
      },
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    });
    const [code] = (await once(child, "exit")) as [number];
    assert.equal(code, 5);
    child.stdio[3]?.destroy();
  });
});
