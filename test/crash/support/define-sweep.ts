import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Scenario, SCENARIOS } from "./scenarios.ts";
import { type Disturbance, needsShim } from "./shim.ts";
import { openSite, type Site } from "./site.ts";
import { STEP, type Swept, sweep } from "./sweep.ts";

const TIMEOUT_MS = 900_000;
/** `CRASH_ONLY=trial` sweeps the scenarios with this word in their name, and then expects no number of points. */
const ONLY = process.env["CRASH_ONLY"] ?? "";
/** A part that was asked for proves no number. */
export const PARTIAL = ONLY !== "" || STEP !== 1;

/** One way to disturb every call. */
export interface Kind {
  readonly title: string;
  /** The sum of its points is at least this. */
  readonly least: number;
  readonly how: (point: number) => Disturbance;
}

/** For each kind one test a scenario and one of the sum. All are at one place: what one finds out of a volume, the next one knows. */
export function defineSweeps(kinds: readonly Kind[], wanted: (scenario: Scenario) => boolean): void {
  const scenarios = SCENARIOS.filter(wanted);
  describe("every changing call", needsShim(), () => {
    let site: Site;
    before(async () => {
      site = await openSite();
    });
    after(() => site.close());
    for (const kind of kinds) defineSweep(() => site, kind, scenarios);
  });
}

function defineSweep(site: () => Site, { title, least, how }: Kind, scenarios: readonly Scenario[]): void {
  describe(title, () => {
    let points = 0;
    for (const scenario of scenarios.filter(({ name }) => name.includes(ONLY))) {
      test(scenario.name, { timeout: TIMEOUT_MS }, async (t) => {
        const swept = await sweep(site(), scenario, how);
        points += swept.points;
        t.diagnostic(describeSwept(swept));
        assert.ok(swept.points > 0, "nothing was disturbed");
      });
    }

    test(`at least ${least} points`, { skip: PARTIAL && "only a part was swept" }, (t) => {
      t.diagnostic(`${points} points in ${scenarios.length} scenarios`);
      assert.ok(points >= least, `${points} points`);
    });
  });
}

function describeSwept({ points, booted, calls }: Swept): string {
  const parts = Object.entries(calls).map(([name, count]) => `${count} ${name}`);
  return `${points} points (${parts.join(", ")}), ${booted} boots`;
}
