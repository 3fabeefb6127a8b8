import assert from "node:assert/strict";
import type { Digest, SupervisorSnapshot } from "../../../../machines/index.ts";
import type { Store } from "../../../../src/store/index.ts";
import { NEW, type SupervisorStep } from "../../../model/supervisor-steps.ts";
import { environmentOf, stateOfProcess } from "./app.ts";

const isStep = (step: SupervisorStep, kind: "done" | "failed", port: string): boolean =>
  step.step === kind && step.port === port;

/** What the disk has to show right after this step. */
export function checkDisk(
  store: Store,
  old: Digest,
  step: SupervisorStep,
  { value, context }: SupervisorSnapshot,
): void {
  const { links, records } = store;
  const { plan, alive } = context;
  const digest = plan.kind === "empty" ? undefined : plan.digest;
  if (value === "trial") {
    assert.equal(links.digest("attempting"), digest, "the version on trial is attempting");
    assert.notEqual(records.trial(), undefined, "a start is counted before it happens");
  }
  if (alive && typeof value === "object" && "committed" in value) {
    assert.equal(links.digest("entrypoint"), digest, "entrypoint shows the committed version");
    assert.equal(links.read("attempting").kind, "absent", "nothing is on trial any more");
  }
  if (isStep(step, "done", "claim") && context.claimed) {
    assert.equal(links.read("attempting").kind, "absent", "the trial is taken away");
    assert.equal(links.digest("entrypoint"), old, "the old version never moved");
    assert.equal(records.failure(NEW)?.reason.kind, context.reason?.kind, "the failure is recorded with its reason");
    assert.equal(records.marker(), NEW);
  }
  if (isStep(step, "done", "revert")) {
    assert.equal(links.digest("entrypoint"), old, "entrypoint shows the previous version again");
    assert.equal(records.failure(NEW)?.reason.kind, "crashed-on-probation");
  }
  if (isStep(step, "failed", "revert"))
    assert.equal(links.digest("entrypoint"), NEW, "a failed revert changes nothing");
  if (isStep(step, "done", "settle"))
    assert.equal(records.succession()?.settled, true, "the version has proven itself");
}

/** What the system has to show of the child: alive in the machine is alive in the world, with the right environment. */
export function checkChild(
  pid: number | undefined,
  { value, context: { alive, plan } }: SupervisorSnapshot,
  dataDir: string,
): void {
  if (pid === undefined) return;
  assert.equal(stateOfProcess(pid) !== undefined, alive, `process ${pid} and the machine agree whether it lives`);
  const runs = typeof value === "object" ? "committed" in value : value === "trial";
  if (!runs || plan.kind === "empty") return;
  const env = environmentOf(pid);
  assert.equal(env["DOCKERLOADER_TRIAL"], plan.kind === "trial" ? "1" : undefined);
  assert.deepEqual([env["DOCKERLOADER_DIGEST"], env["DOCKERLOADER_DATA_DIR"]], [plan.digest, dataDir]);
}

/** What is left when the loader has ended. */
export function checkEnd(store: Store, interrupted: boolean): void {
  assert.equal(store.links.read("attempting").kind, "absent", "the loader leaves no trial behind");
  if (interrupted) assert.equal(store.links.digest("attempt"), NEW, "an interrupted trial is queued again");
  assert.deepEqual(store.fs.readdirSync(store.layout.staging), [], "nothing is left in staging");
}
