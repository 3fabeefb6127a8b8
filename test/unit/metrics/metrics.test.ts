/** The numbers of a life: what the event stream tells is what a scrape gets. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Digest } from "../../../src/digest.ts";
import { reduce } from "../../../src/inspect/reduce.ts";
import { EMPTY_VIEW } from "../../../src/inspect/view.ts";
import type { LoaderEvent } from "../../../src/log/events.ts";
import type { Recorded } from "../../../src/log/parse.ts";
import { createMetrics } from "../../../src/metrics/metrics.ts";

const digest = (digit: string): Digest => `sha256:${digit.repeat(64)}`;
const [OLD, NEW] = [digest("a"), digest("b")];
const BEGIN = Date.parse("2026-01-02T00:00:00.000Z");
const STORAGE = { blobs: 1, versions: 2, retained: 3, free: 4, total: 5 };

const supervisor = (from: string, state: string): LoaderEvent => ({
  type: "supervisor.state",
  from,
  state,
  cause: "x",
});
const update = (from: string, state: string): LoaderEvent => ({ type: "update.state", from, state, cause: "x" });
const spawned = (version: Digest, trial: boolean, label?: string): LoaderEvent => ({
  type: "child.spawned",
  childPid: 9,
  digest: version,
  trial,
  reference: "r/app:1",
  ...(label === undefined ? {} : { label }),
});
const links = (staged: Digest | null): LoaderEvent => ({
  type: "store.links",
  stable: OLD,
  staged,
  trial: null,
  previous: null,
});

/** What a scrape gets after these events, one a second: each sample by its name and labels. */
async function scrape(...events: readonly LoaderEvent[]): Promise<ReadonlyMap<string, number>> {
  const recorded = events.map((event, at): Recorded => ({
    time: new Date(BEGIN + at * 1000).toISOString(),
    level: "info",
    message: "",
    component: "loader",
    pid: 7,
    event,
  }));
  const metrics = createMetrics();
  metrics.count(recorded);
  const page = await metrics.page(recorded.reduce(reduce, EMPTY_VIEW), STORAGE);
  const samples = page.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    samples.map((line) => [
      line.slice(0, line.lastIndexOf(" ")).replace("dockerloader_", ""),
      Number(line.slice(line.lastIndexOf(" "))),
    ]),
  );
}

const STARTED: readonly LoaderEvent[] = [
  { type: "loader.started", entrypoint: "/e", version: "1" },
  spawned(OLD, false, "1.0"),
  supervisor("launching", "committed"),
];

describe("the metrics", () => {
  test("of nothing: every series is there, and 0", async () => {
    const samples = await scrape();
    for (const name of ["up", "update_available", "failed_versions", "last_check_timestamp_seconds"]) {
      assert.equal(samples.get(name), 0, name);
    }
    for (const outcome of ["committed", "failed", "interrupted"]) {
      assert.equal(samples.get(`trials_total{outcome="${outcome}"}`), 0);
    }
    assert.equal(samples.get('state{machine="supervisor",state="idle"}'), 1);
    assert.equal(samples.get('state{machine="supervisor",state="trial"}'), 0);
  });

  test("name what runs, its state and the volume", async () => {
    const samples = await scrape(...STARTED);
    assert.equal(samples.get("up"), 1);
    assert.equal(samples.get(`running_info{reference="r/app:1",digest="${OLD}",version="1.0"}`), 1);
    assert.equal(samples.get('state{machine="supervisor",state="committed"}'), 1);
    assert.equal(samples.get('state{machine="supervisor",state="idle"}'), 0);
    for (const [kind, bytes] of Object.entries(STORAGE)) {
      assert.equal(samples.get(`storage_bytes{kind="${kind}"}`), bytes);
    }
  });

  test("time each phase of an update and count its bytes, its trial and the restart", async () => {
    const samples = await scrape(
      ...STARTED,
      update("idle", "check"),
      update("check", "download"),
      { type: "layer.downloaded", digest: digest("c"), bytes: 100, reused: false },
      { type: "layer.downloaded", digest: digest("d"), bytes: 30, reused: true },
      update("download", "extract"),
      update("extract", "stageAttempt"),
      update("stageAttempt", "staged"),
      { type: "update.staged", digest: NEW },
      links(NEW),
      spawned(NEW, true),
      supervisor("launching", "trial"),
      supervisor("trial", "committed"),
      { type: "trial.kept", digest: NEW },
    );
    const seconds = (phase: string): unknown => samples.get(`phase_duration_seconds_sum{phase="${phase}"}`);
    assert.deepEqual(["check", "download", "extract", "stageAttempt", "trial"].map(seconds), [1, 3, 1, 1, 1]);
    assert.equal(samples.get('download_bytes_total{source="registry"}'), 100);
    assert.equal(samples.get('download_bytes_total{source="store"}'), 30);
    assert.equal(samples.get('trials_total{outcome="committed"}'), 1);
    assert.equal(samples.get('child_restarts_total{cause="trial"}'), 1);
    assert.equal(samples.get('checks_total{result="staged"}'), 1);
    assert.equal(samples.get("update_available"), 1);
  });

  test("count a failed trial and the way back, an interrupted one, and a crash on probation as none", async () => {
    const exit = { kind: "code", code: 3 } as const;
    const samples = await scrape(
      ...STARTED,
      spawned(NEW, true),
      supervisor("launching", "trial"),
      supervisor("trial", "rollingBack"),
      { type: "trial.failed", digest: NEW, reason: { kind: "exited", exit } },
      { type: "version.blamed", digest: NEW, at: new Date(BEGIN).toISOString(), reason: { kind: "exited", exit } },
      spawned(OLD, false),
      { type: "trial.requeued", digest: NEW, tries: 1 },
      { type: "trial.failed", digest: NEW, reason: { kind: "crashed-on-probation", exit } },
    );
    assert.equal(samples.get('trials_total{outcome="failed"}'), 1);
    assert.equal(samples.get('trials_total{outcome="interrupted"}'), 1);
    assert.equal(samples.get('child_restarts_total{cause="rollback"}'), 1);
    assert.equal(samples.get("failed_versions"), 1);
  });

  test("tell the last check, the last that got an answer and the last that failed apart", async () => {
    const samples = await scrape(
      { type: "update.current", digest: OLD },
      { type: "update.failed", code: "REGISTRY_TIMEOUT", message: "m", background: true },
    );
    assert.equal(samples.get("last_success_timestamp_seconds"), BEGIN / 1000);
    assert.equal(samples.get("last_failure_timestamp_seconds"), BEGIN / 1000 + 1);
    assert.equal(samples.get("last_check_timestamp_seconds"), BEGIN / 1000 + 1);
    assert.equal(samples.get('checks_total{result="failed"}'), 1);
  });

  test("call an update machine that has ended its round idle, for it is", async () => {
    const samples = await scrape(update("check", "rounded"), update("rounded", "done"));
    assert.equal(samples.get('state{machine="update",state="idle"}'), 1);
  });
});
