/** T0: every disk a power cut may leave, in a model stricter than any file system, and every boot of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SCENARIOS } from "./model/scenarios.ts";
import { type Swept, sweep } from "./model/sweep.ts";

const LEAST_SCENARIOS = 12;
const LEAST_STATES = 10_000;
/** The first boot builds a whole tree: its states alone would take the time of all others. */
const RECOVER_EVERY: Readonly<Record<string, number>> = { "first boot": 3 };

test("no power cut, and none inside the recovery from one, leaves a version that cannot run or a verdict that is wrong", async (t) => {
  const swept: Swept[] = [];
  for (const scenario of SCENARIOS) {
    const result = await sweep(scenario, { recoverEvery: RECOVER_EVERY[scenario.name] ?? 1 });
    const { operations, states, recoveryStates, violations } = result;
    t.diagnostic(`${scenario.name}: ${operations} log entries, ${states} states, ${recoveryStates} inside recovery`);
    assert.deepEqual(violations.slice(0, 3), [], `${violations.length} violations`);
    swept.push(result);
  }
  const total = swept.reduce((sum, { states, recoveryStates }) => sum + states + recoveryStates, 0);
  t.diagnostic(`${swept.length} scenarios, ${total} distinct states, 0 violations`);
  assert.ok(swept.length >= LEAST_SCENARIOS && total >= LEAST_STATES, `${swept.length} scenarios, ${total} states`);
});
