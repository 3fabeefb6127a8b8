/** `dockerloader history`: for people who come back after weeks. */
import assert from "node:assert/strict";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { LIMITS } from "../../../src/limits.ts";
import { openShellLab, type ShellLab } from "../support/shell-lab.ts";
import { CHECKING } from "./support/apps.ts";

describe("history", () => {
  let lab: ShellLab;
  beforeEach(async () => {
    lab = await openShellLab();
  });
  afterEach(() => lab.close());

  const history = async (...args: string[]): Promise<string[]> =>
    (await lab.command(["history", ...args])).out.trimEnd().split("\n");

  test("tells, over two loaders on one volume, what ran, what was tried and what became of it, oldest first", async () => {
    assert.deepEqual(await history(), ["nothing has happened yet"]);
    const mark = join(lab.folder, "mark");
    const good = await lab.push(CHECKING);
    const first = lab.start({ env: { MARK: mark } });
    await first.until("looked");
    const bad = await lab.push("exit 3");
    writeFileSync(mark, "");
    await first.until("skipping update");
    await first.kill("SIGTERM");
    const before = await history("--last", "0");
    const second = lab.start({ env: { MARK: mark } });
    await second.until("looked");
    await second.kill("SIGTERM");

    const told = await history("--last", "0");
    assert.deepEqual(told.slice(0, before.length), before, "append-only");
    for (const line of told) assert.match(line, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}\S/);
    assert.deepEqual(
      told.map((line) => line.slice(21).replace(/loader [\d.]+ started/, "loader started")),
      [
        "loader started",
        `first download finished: ${good}`,
        `started ${good}`,
        `staged ${bad}`,
        `${good} exited with code 42`,
        `started ${bad} on trial`,
        `${bad} exited with code 3`,
        `trial of ${bad} failed: it exited with code 3 before it was ready; it will not be tried again`,
        `started ${good}`,
        `rolled back to ${good}`,
        "the loader was asked to stop by SIGTERM",
        `${good} exited with code 0`,
        "loader ended with code 0",
        "loader started",
        `started ${good}`,
        "the loader was asked to stop by SIGTERM",
        `${good} exited with code 0`,
        "loader ended with code 0",
      ],
    );
    assert.deepEqual(await history("--last", "2"), told.slice(-2));
  });

  test("is bounded: a loader turns a file that is full over and keeps the one before it", async () => {
    const old = {
      time: "2026-01-01T00:00:00.000Z",
      level: "info",
      event: "loader.exited",
      message: "exiting with code 0",
    };
    const line = `${JSON.stringify({ ...old, component: "loader", pid: 1, exitCode: 0 })}\n`;
    mkdirSync(join(lab.dataDir, "state"), { recursive: true });
    const file = join(lab.dataDir, "state/history.jsonl");
    writeFileSync(file, line.repeat(Math.ceil(LIMITS.historyBytes / line.length)));
    writeFileSync(`${file}.1`, "an older one, which goes\n");
    await lab.push("exit 0");
    assert.equal((await lab.run()).code, 0);
    assert.ok(statSync(file).size < 10_000, "a new file has begun");
    assert.ok(statSync(`${file}.1`).size < LIMITS.historyBytes + 10_000);
    const told = await history("--last", "0");
    assert.equal(told[0], "2026-01-01 00:00:00  loader ended with code 0");
    assert.match(told.at(-1) ?? "", /loader ended with code 0$/);
    assert.ok(!told.join("\n").includes("an older one"));
  });
});
