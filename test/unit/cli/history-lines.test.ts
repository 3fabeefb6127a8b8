import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { historyEntry, historyLine } from "../../../src/cli/history-lines.ts";
import { HISTORY, type LoaderEvent } from "../../../src/log/events.ts";
import { formatJson } from "../../../src/log/format.ts";
import { describeEvent } from "../../../src/log/messages.ts";
import { parseLine, type Recorded } from "../../../src/log/parse.ts";

const DIGEST = `sha256:${"a".repeat(64)}` as const;
const exit = { kind: "code", code: 3 } as const;

/** One of each kind that the history keeps, and how it reads there. */
const CASES: readonly (readonly [LoaderEvent, string])[] = [
  [{ type: "loader.started", entrypoint: "/e", version: "1.2.3" }, "loader 1.2.3 started"],
  [
    { type: "loader.failed", code: "STORE_FULL", message: "the volume is full" },
    "Error: the volume is full [STORE_FULL]",
  ],
  [{ type: "loader.signal", signal: "SIGTERM" }, "the loader was asked to stop by SIGTERM"],
  [{ type: "loader.exited", exitCode: 143 }, "loader ended with code 143"],
  [{ type: "bootstrap.finished", digest: DIGEST }, `first download finished: ${DIGEST}`],
  [{ type: "child.spawned", childPid: 7, digest: DIGEST, trial: false }, `started ${DIGEST}`],
  [
    { type: "child.spawned", childPid: 7, digest: DIGEST, trial: true, label: "2.0" },
    `started ${DIGEST} (2.0) on trial`,
  ],
  [{ type: "child.exited", exit, digest: DIGEST }, `${DIGEST} exited with code 3`],
  [{ type: "child.killed", reason: "it did not end" }, "killed subprocess group: it did not end"],
  [
    { type: "trial.timeout", afterMs: 10_000, digest: DIGEST },
    "Error: DOCKERLOADER_TRIAL timeout hit after 10s, aborting",
  ],
  [
    { type: "trial.failed", reason: { kind: "exited", exit }, digest: DIGEST },
    `trial of ${DIGEST} failed: it exited with code 3 before it was ready; it will not be tried again`,
  ],
  [
    { type: "trial.failed", reason: { kind: "exited", exit }, digest: DIGEST, unrecorded: true },
    `trial of ${DIGEST} failed: it exited with code 3 before it was ready; nothing is recorded against it, it may be tried again`,
  ],
  [{ type: "trial.kept", digest: DIGEST }, `committed ${DIGEST}`],
  [
    { type: "trial.requeued", digest: DIGEST, tries: 1 },
    `trial of ${DIGEST} was interrupted (start 1), it will be tried again`,
  ],
  [
    { type: "trial.parked", digest: DIGEST, tries: 3 },
    `trial of ${DIGEST} was interrupted 3 times, it will not be tried again`,
  ],
  [{ type: "rollback.finished", digest: DIGEST }, `rolled back to ${DIGEST}`],
  [{ type: "probation.passed", digest: DIGEST }, `version ${DIGEST} passed its probation`],
  [{ type: "store.repaired", what: "a link" }, "repaired the data directory: a link"],
  [{ type: "store.degraded", message: "EIO; no trial now" }, "the volume fails: EIO; no trial now"],
  [{ type: "update.staged", digest: DIGEST }, `staged ${DIGEST}`],
  [
    { type: "version.forgotten", digest: DIGEST },
    `what was held against ${DIGEST} is forgotten, it may be tried again`,
  ],
];

function recorded(event: LoaderEvent): Recorded {
  const line = { time: new Date(0), ...describeEvent(event), component: "loader", pid: 5, event };
  const read = parseLine(formatJson(line));
  assert.ok(read !== undefined);
  return read;
}

describe("the history", () => {
  for (const [event, expected] of CASES) {
    test(`reads: ${expected}`, () => assert.equal(historyLine(recorded(event)), `1970-01-01 00:00:00  ${expected}`));
  }

  test("tells a way back that somebody asked for from one that the loader took", () => {
    const back = recorded({ type: "rollback.finished", digest: DIGEST });
    assert.equal(historyLine({ ...back, component: "cli" }).slice(21), `rolled back to ${DIGEST}, asked for by hand`);
    assert.equal(historyLine(back).slice(21), `rolled back to ${DIGEST}`);
  });

  test("has a case here for every event that it keeps", () => {
    const told = new Set(CASES.map(([{ type }]) => type));
    assert.deepEqual(
      [...HISTORY].filter((type) => !told.has(type)),
      [],
    );
  });

  test("as data is the line of the stream as it was written", () => {
    for (const [event] of CASES) {
      const written = formatJson({ time: new Date(0), ...describeEvent(event), component: "app", pid: 5, event });
      const read = parseLine(written);
      assert.ok(read !== undefined);
      assert.deepEqual(historyEntry(read), JSON.parse(written));
    }
  });
});
