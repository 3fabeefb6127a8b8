/**
 * What being looked at costs a loader that nobody looks at: nothing. V8 itself says which scripts a process has loaded
 * (NODE_V8_COVERAGE), so this is about running processes, not about what a bundle could load.
 */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, test } from "node:test";
import { openShellLab, type ShellLab } from "../support/shell-lab.ts";
import { freePort } from "./support/free-port.ts";
import { childrenWith } from "./support/processes.ts";

/** What stands in the code of the page's server and of the metrics, and nowhere else. */
const TRACES = ["text/event-stream", "content-security-policy", "phase_duration_seconds", "here are /metrics"];

describe("a loader that nobody looks at", () => {
  let lab: ShellLab;
  beforeEach(async () => {
    lab = await openShellLab();
    await lab.push('echo up; until [ -e "$MARK" ]; do sleep 0.05; done; rm "$MARK"');
  });
  afterEach(() => lab.close());

  /** Runs a loader to its end: the scripts that it, and that its observer, had loaded by then. */
  async function loaded(
    name: string,
    env: Readonly<Record<string, string>>,
    ready: string,
  ): Promise<{ loader: string[]; others: string[][] }> {
    const folder = join(lab.folder, name);
    mkdirSync(folder);
    const mark = join(lab.folder, "mark");
    const loader = lab.start({ env: { ...env, MARK: mark, NODE_V8_COVERAGE: folder } });
    await loader.until("up\n");
    await loader.until(ready);
    // An observer writes down what it has loaded when it ends; beside a loader that ends it would have a second for that.
    for (const pid of childrenWith(loader.process.pid ?? 0, "observe")) {
      process.kill(pid, "SIGTERM");
      await loader.until("the observer is gone");
    }
    writeFileSync(mark, "");
    assert.equal((await loader.ended).code, 0);
    const scripts = (file: string): string[] => {
      const text = readFileSync(join(folder, file), "utf8");
      // Cut short: the next observer was killed as it wrote.
      if (!text.endsWith("}")) return [];
      const { result } = JSON.parse(text) as { result: { url: string }[] };
      return result.flatMap(({ url }) => (url.startsWith("file:") ? [fileURLToPath(url)] : [])).toSorted();
    };
    // One file for each thread: coverage-PID-TIME-THREAD.json.
    const byProcess = Map.groupBy(readdirSync(folder), (file) => Number(file.split("-")[1]));
    const all = [...byProcess].map(([pid, files]) => ({ pid, scripts: files.flatMap(scripts) }));
    const isLoader = ({ pid }: { readonly pid: number }): boolean => pid === loader.process.pid;
    return {
      loader: all.filter(isLoader).flatMap((one) => one.scripts),
      others: all.filter((one) => !isLoader(one)).map((one) => one.scripts),
    };
  }

  const tracesIn = (scripts: readonly string[]): string[] => {
    const text = scripts.map((script) => readFileSync(script, "utf8")).join("\n");
    return TRACES.filter((trace) => text.includes(trace));
  };

  test("has loaded none of it, and starts no process for it; when it is on, it is another process that has", async () => {
    const off = await loaded("off", {}, "up");
    assert.ok(
      off.loader.some((script) => script.endsWith("/dist/bin/main.js")),
      off.loader.join("\n"),
    );
    assert.deepEqual(tracesIn(off.loader), []);
    assert.equal(off.others.length, 1, "the first download, and nobody else");
    assert.deepEqual(off.others.flatMap(tracesIn), []);

    const views = {
      DOCKERLOADER_INSPECT: `127.0.0.1:${await freePort()}`,
      DOCKERLOADER_METRICS: `127.0.0.1:${await freePort()}`,
    };
    const on = await loaded("on", views, "live view on");
    assert.deepEqual(on.loader, off.loader, "the loader itself loads nothing more");
    assert.ok(
      on.others.some((scripts) => tracesIn(scripts).length === TRACES.length),
      "the observer has loaded all of it, so these traces are the right ones",
    );
  });
});
