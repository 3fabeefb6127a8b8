import assert from "node:assert/strict";
import { inputOf, sentTo, starts, stops } from "./effects.ts";
import type { Move } from "./explore.ts";
import type { Snapshot } from "./supervisor-model.ts";
import { actorId } from "./supervisor-steps.ts";

const WATCH = "0.supervisor.trial";

/** What holds in every snapshot the supervisor machine can be in. */
export function checkSnapshot(snapshot: Snapshot): void {
  const { context, children, status } = snapshot;
  const where = JSON.stringify(snapshot.value);
  assert.notEqual(status, "error", `${where}: the machine has failed`);
  assert.equal("child" in children, context.alive, `${where}: alive and the child's actor disagree`);
  if (snapshot.matches("trial") || snapshot.matches("committed")) {
    assert.ok(context.alive, `${where}: trial and committed have a live child`);
    assert.ok(!context.claimed, `${where}: a claimed version neither is on trial nor counts as committed`);
  }
  if (snapshot.matches("idle") || snapshot.matches("launching") || snapshot.matches({ rollingBack: "reverting" })) {
    assert.ok(!context.alive, `${where}: no child here`);
  }
  if (snapshot.matches({ rollingBack: "claiming" })) {
    assert.equal(context.plan.kind, "trial", `${where}: only a trial is claimed`);
    assert.notEqual(context.reason, null, `${where}: a claim has a reason`);
  }
  assert.equal(WATCH in children, snapshot.matches("trial"), `${where}: links are watched in a trial and only there`);
  assert.equal(status === "done", snapshot.matches("exited"), `${where}: exited is the one end`);
  if (status === "done") {
    assert.ok(!context.alive, "exited has no live child");
    assert.deepEqual(Object.keys(children), [], "exited leaves no actor behind");
    const { exitCode } = snapshot.output ?? { exitCode: -1 };
    assert.ok(Number.isInteger(exitCode) && exitCode >= 0 && exitCode <= 255, `exit code ${exitCode}`);
    assert.notEqual(exitCode, 42, "42 never leaves the loader");
  }
}

/** What holds for every single event, whatever the state it comes in. */
export function checkMove({ before, after, effects, took }: Move<Snapshot> & { readonly before: Snapshot }): void {
  const where = `${JSON.stringify(before.value)} -> ${JSON.stringify(after.value)}`;
  const started = starts(effects, "child");
  assert.ok(started <= 1, `${where}: one launch starts one child`);
  if (started === 1) {
    assert.ok(!before.context.alive, `${where}: no second child beside a living one`);
    assert.ok(before.matches("launching"), `${where}: only a launch starts a child`);
    assert.equal(after.context.shutdown, null, `${where}: nothing starts after SHUTDOWN`);
    assert.deepEqual(inputOf(effects, "child"), { plan: after.context.plan }, `${where}: what is planned is started`);
  }
  const ended = before.context.alive && !after.context.alive;
  assert.equal(stops(effects, "child"), ended ? 1 : 0, `${where}: an actor is let go when its process has ended`);
  if (sentTo(effects, "child").length > 0) assert.ok(before.context.alive, `${where}: only a living child is told`);

  const claim = inputOf(effects, actorId("claim")) as { digest: string; childAlive: boolean } | undefined;
  if (claim !== undefined) {
    const { plan, alive } = after.context;
    assert.equal(claim.digest, plan.kind === "trial" ? plan.digest : "", `${where}: the version on trial is claimed`);
    assert.equal(claim.childAlive, alive, `${where}: a claim knows whether the child lives`);
  }
  if (took.length === 0) {
    assert.deepEqual(after.value, before.value, `${where}: an event nobody asked for moves nothing`);
    assert.deepEqual(after.context, before.context, `${where}: an event nobody asked for is not remembered`);
    assert.deepEqual(
      effects.map(({ type }) => type),
      [],
      `${where}: an event nobody asked for does nothing`,
    );
  }
}
