/** The commit of an app and the timeout of the loader, in two processes, a thousand times around the same moment. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import type { Digest } from "../../../src/digest.ts";
import { claimTrial, openStore } from "../../../src/store/index.ts";

const RUNS = 1_000;
const RUN_ID = "race";
const OLD: Digest = `sha256:${"a".repeat(64)}`;
const NEW: Digest = `sha256:${"b".repeat(64)}`;
/** Time for the other process to read its order, in milliseconds. */
const LEAD_MS = 3;
/** The commit comes from this much before the deadline to this much after it, in milliseconds. */
const SPREAD_MS = 1.5;

const epochMs = (): number => performance.timeOrigin + performance.now();

test("exactly one side wins, and the verdict is what the disk says, in every run", { timeout: 120_000 }, async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), "dockerloader-race-"));
  const store = openStore(dataDir);
  const { links, records } = store;
  const committer = spawn(process.execPath, [join(import.meta.dirname, "../../fixtures/committer.ts"), dataDir], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.after(async () => {
    committer.stdin.end();
    await rm(dataDir, { recursive: true, force: true });
  });
  const answers = createInterface({ input: committer.stdout })[Symbol.asyncIterator]();
  const wins = { committed: 0, claimed: 0 };

  for (let run = 0; run < RUNS; run += 1) {
    links.point("entrypoint", OLD);
    links.point("attempting", NEW);
    records.setHandshake(RUN_ID);
    const deadline = epochMs() + LEAD_MS;
    const offset = ((run % 101) / 50 - 1) * SPREAD_MS;
    committer.stdin.write(`${deadline + offset}\n`);
    while (epochMs() < deadline);
    const reason = { kind: "timeout", afterMs: LEAD_MS } as const;
    const claim = claimTrial(store, { digest: NEW, reason, childAlive: true, runId: RUN_ID, now: new Date() });
    const { value: answer } = await answers.next();

    assert.equal(claim === "committed", answer === "committed", `run ${run}: claim ${claim}, app ${answer}`);
    assert.notEqual(claim, "stop-first");
    assert.equal(links.read("attempting").kind, "absent", `run ${run}`);
    assert.equal(links.digest("entrypoint"), claim === "committed" ? NEW : OLD, `run ${run}: claim ${claim}`);
    assert.equal(records.failure(NEW) !== undefined, claim === "claimed", `run ${run}: claim ${claim}`);
    wins[claim === "committed" ? "committed" : "claimed"] += 1;
    records.dropFailure(NEW);
  }
  t.diagnostic(`${RUNS} runs: ${wins.committed} committed, ${wins.claimed} claimed`);
  assert.ok(wins.committed > 0 && wins.claimed > 0, "the commit was never on both sides of the deadline");
});
