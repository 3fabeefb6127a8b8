/** The bridge to the Stately inspector: what leaves this machine, to whom, and that it is what the machines do. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, test } from "node:test";
import { createMachine, type AnyStateMachine } from "xstate";
import { supervisorMachine, updateMachine } from "../../../machines/index.ts";
import { followEvents } from "../../support/server-events.ts";
import { CHECKING } from "../cli/support/apps.ts";
import { openShellLab, type ShellLab } from "../support/shell-lab.ts";

/** A message of the inspector's protocol. */
interface Message {
  readonly type: string;
  readonly sessionId: string;
  readonly definition?: string;
  readonly event?: { readonly type: string };
  readonly snapshot?: { readonly value: unknown };
}

interface Listener {
  readonly heard: readonly Message[];
  /** Resolves when a message matches, also one that was heard before. */
  readonly until: (matches: (message: Message) => boolean) => Promise<Message>;
  readonly close: () => void;
}

/** Listens as the page does: to the same stream, with the same token. */
async function listen(address: string): Promise<Listener> {
  const url = new URL(address);
  url.pathname = "/events";
  const heard: Message[] = [];
  let wake = (): void => {};
  const over = new AbortController();
  const hear = (data: string): void => {
    heard.push(JSON.parse(data) as Message);
    wake();
  };
  await followEvents(url, hear, over.signal);
  return {
    heard,
    close: () => over.abort(),
    until: async (matches) => {
      for (;;) {
        const found = heard.find(matches);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}

const top = (value: unknown): unknown => (typeof value === "object" && value !== null ? Object.keys(value)[0] : value);
const isIn = (machine: string, state: string) => (message: Message) =>
  message.type === "@xstate.snapshot" && message.sessionId === machine && top(message.snapshot?.value) === state;

describe("the bridge to the Stately inspector", { timeout: 120_000 }, () => {
  let lab: ShellLab;
  beforeEach(async () => {
    lab = await openShellLab();
  });
  afterEach(() => lab.close());

  test("tells both machines and every step of a running loader, names alone, to whoever has the token on loopback", async () => {
    const mark = join(lab.folder, "mark");
    const first = await lab.push(CHECKING);
    const loader = lab.start({ env: { MARK: mark } });
    await loader.until("looked");
    const bridge = lab.start({ args: ["inspect", "--stately", "--json"] });
    await bridge.until("}\n");
    const { url } = JSON.parse(bridge.text()) as { url: string };
    const { hostname, origin, port } = new URL(url);
    assert.equal(hostname, "127.0.0.1");
    const sockets = readFileSync(`/proc/${bridge.process.pid}/net/tcp`, "utf8");
    const hex = Number(port).toString(16).toUpperCase().padStart(4, "0");
    assert.match(sockets, new RegExp(`: 0100007F:${hex} 00000000:0000 0A`), "listens on loopback");
    assert.doesNotMatch(sockets, new RegExp(`: 00000000:${hex} `), "and nowhere else");
    for (const path of ["/", "/events", "/?token=wrong"]) assert.equal((await fetch(origin + path)).status, 401, path);
    const page = await fetch(url);
    assert.match(
      page.headers.get("content-security-policy") ?? "",
      /^default-src 'none'; .*connect-src 'self'; frame-src https:\/\/stately\.ai; /,
    );

    const listener = await listen(url);
    const second = await lab.push(`dockerloader ready; echo second; trap 'exit 0' TERM; while :; do sleep 0.05; done`);
    writeFileSync(mark, "");
    await loader.until("second");
    await listener.until(isIn("supervisor", "trial"));
    for (const state of ["check", "download", "extract", "stageAttempt", "staged"]) {
      await listener.until(isIn("update", state));
    }
    const from = listener.heard.findIndex(isIn("supervisor", "trial"));
    await listener.until(
      (message) => listener.heard.indexOf(message) > from && isIn("supervisor", "committed")(message),
    );
    listener.close();

    const actors = listener.heard.slice(0, 2);
    for (const [at, machine] of ([supervisorMachine, updateMachine] as readonly AnyStateMachine[]).entries()) {
      const { type, sessionId, definition = "" } = actors[at] ?? { type: "", sessionId: "" };
      assert.deepEqual([type, sessionId], ["@xstate.actor", machine.id]);
      const again = createMachine(JSON.parse(definition) as Parameters<typeof createMachine>[0]);
      assert.deepEqual(Object.keys(again.states).toSorted(), Object.keys(machine.states).toSorted());
    }
    const causes = listener.heard.filter(({ type }) => type === "@xstate.event").map(({ event }) => event?.type);
    for (const cause of ["CHILD.EXITED", "LINK.COMMITTED", "done"]) assert.ok(causes.includes(cause), cause);
    const all = JSON.stringify(listener.heard);
    for (const secret of [first, second, lab.target, lab.folder]) assert.ok(!all.includes(secret), secret);

    const { code } = await bridge.kill("SIGINT");
    assert.equal(code, 0);
    await loader.kill("SIGTERM");
  });

  test("`npm run visualize` plays the demo before the inspector, from the first state to the last, and ends when told to", async () => {
    const script = join(import.meta.dirname, "../../../scripts/visualize.ts");
    const child = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout });
    const played = Promise.withResolvers<void>();
    let volume = "";
    const address = new Promise<string>((resolve) => {
      lines.on("line", (line) => {
        const [, found] = /^Open (http:\S+) in a browser/.exec(line) ?? [];
        if (found !== undefined) resolve(found);
        volume ||= /^The volume is at (.*)$/.exec(line)?.[1] ?? "";
        if (line.startsWith("What happened")) played.resolve();
      });
    });
    const listener = await listen(await address);
    for (const state of ["launching", "committed", "trial", "rollingBack", "exited"]) {
      await listener.until(isIn("supervisor", state));
    }
    await listener.until(isIn("update", "staged"));
    await played.promise;
    listener.close();
    child.kill("SIGINT");
    const [code] = (await once(child, "exit")) as [number | null];
    assert.equal(code, 0);
    assert.notEqual(volume, "");
    assert.equal(existsSync(dirname(volume)), false, "the demo's folder is left behind");
  });
});
