/** The stream on the volume: what is written is what is read, whatever happens to the file meanwhile. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { spawn } from "node:child_process";
import { createJournalLogger } from "../../../src/log/journal.ts";
import { parseLines } from "../../../src/log/parse.ts";
import { createJournal, followJournal } from "../../../src/store/journal.ts";
import { nodeFileSystem } from "../../../src/store/node-fs.ts";

describe("the event stream on the volume", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "dockerloader-journal-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const journal = (name: string, limit = 1 << 20) => createJournal(nodeFileSystem, join(folder, name), limit);

  test("gives back every event with its sentence, level and writer; the history keeps the notable ones", () => {
    const journals = { events: journal("events"), history: journal("history") };
    const log = createJournalLogger(journals, "app");
    log.emit({ type: "update.checking", reference: "r/a:1" });
    log.emit({ type: "loader.exited", exitCode: 3 });
    const read = parseLines(journals.events.lines());
    assert.deepEqual(
      read.map(({ level, message, component, pid }) => ({ level, message, component, pid })),
      [
        { level: "info", message: "checking for updates for r/a:1", component: "app", pid: process.pid },
        { level: "info", message: "exiting with code 3", component: "app", pid: process.pid },
      ],
    );
    assert.equal(read[0]?.event.type === "update.checking" && read[0].event.reference, "r/a:1");
    assert.deepEqual(
      parseLines(journals.history.lines()).map(({ event }) => event.type),
      ["loader.exited"],
    );
  });

  test("skips a line that a full volume cut short, and events of another version", () => {
    const events = journal("events");
    events.append('{"time":"t","event":"loader.exi');
    events.append('{"time":"t","event":"loader.of-tomorrow","message":"?"}');
    createJournalLogger({ events, history: journal("history") }, "loader").emit({ type: "cli.waiting" });
    assert.deepEqual(
      parseLines(events.lines()).map(({ event }) => event.type),
      ["cli.waiting"],
    );
  });

  test("stays within twice its limit under a loader, and takes no more without one", () => {
    const attended = journal("attended", 1000);
    for (let at = 0; at < 100; at += 1) {
      attended.append(`line ${at} ${"x".repeat(50)}`);
      attended.turn();
    }
    assert.ok(statSync(attended.path).size < 1000);
    assert.ok(statSync(`${attended.path}.1`).size < 1100);
    assert.match(attended.lines().at(-1) ?? "", /^line 99 /);
    const alone = journal("alone", 1000);
    for (let at = 0; at < 100; at += 1) alone.append(`line ${at} ${"x".repeat(50)}`);
    assert.ok(statSync(alone.path).size < 2100);
  });

  test("never throws, not even without its directory", () => {
    const nowhere = createJournal(nodeFileSystem, join(folder, "missing/events"), 10);
    nowhere.append("x");
    nowhere.turn();
    assert.deepEqual(nowhere.lines(), []);
  });

  test("is followed line by line, once and in order, across turns and with another process writing", async () => {
    const events = journal("events", 2000);
    const seen: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const follower = followJournal(nodeFileSystem, events.path, (lines) => {
      seen.push(...lines);
      if (seen.includes("end")) resolve();
    });
    for (let at = 0; at < 200; at += 1) {
      events.append(`own ${at} ${"y".repeat(40)}`);
      events.turn();
      if (at % 20 === 0) await new Promise((next) => setImmediate(next));
    }
    const program = `for (let at = 0; at < 50; at += 1) require("node:fs").appendFileSync(process.argv[1], "other " + at + "\\n")`;
    const child = spawn(process.execPath, ["-e", program, events.path]);
    await once(child, "exit");
    events.append("end");
    await promise;
    follower.close();
    const others = seen.filter((line) => line.startsWith("other "));
    assert.deepEqual(
      others,
      Array.from({ length: 50 }, (_, at) => `other ${at}`),
    );
    const own = seen.filter((line) => line.startsWith("own ")).map((line) => Number(line.split(" ")[1]));
    assert.deepEqual(
      own,
      own.toSorted((a, b) => a - b),
    );
    assert.equal(new Set(own).size, own.length);
  });

  test("holds a half-written line back until it is whole", async () => {
    const events = journal("events");
    const seen: string[] = [];
    const whole = Promise.withResolvers<void>();
    const follower = followJournal(nodeFileSystem, events.path, (lines) => {
      seen.push(...lines);
      whole.resolve();
    });
    appendFileSync(events.path, "first ha");
    appendFileSync(events.path, "lf\n");
    await whole.promise;
    follower.close();
    assert.deepEqual(seen, ["first half"]);
  });
});
