import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { type Boots, bootsOf } from "./boots.ts";
import { assertNothingHalf, assertTruthful, banned, stableVersion } from "./invariants.ts";
import type { Scenario } from "./scenarios.ts";
import type { Call, Disturbance } from "./shim.ts";
import type { Ended, Site } from "./site.ts";
import type { Version } from "./versions.ts";

/** Written for people, decides nothing, and would be half of all calls: swept in one scenario of its own. */
const REPORTS = [".jsonl", "status.json"] as const;
/** Commands whose death is a fault of ours, never of a version on trial. */
const OURS = new Set(["run", "fetch", "check", "ready", "gc", "sync", "flock"]);
/** `CRASH_STEP=5`: only every fifth call, for a first look. */
export const STEP = Number(process.env["CRASH_STEP"] ?? 1);
/** Exit code of a defect of the loader (EX_SOFTWARE). */
const INTERNAL = 70;

/** What a sweep of one scenario saw. */
export interface Swept {
  readonly points: number;
  /** Points by the call that was disturbed. */
  readonly calls: Readonly<Record<string, number>>;
  /** Starts of the loader for it: one for every volume that was not booted before. */
  readonly booted: number;
}

/**
 * Disturbs the act at its first changing call, its second, and so on until nothing is left to disturb; judges what
 * each left behind. Volumes are the same for a boot when their fingerprints are: one that was booted before is not
 * booted again, unless `CRASH_FULL=1` asks for it.
 */
export async function sweep(site: Site, scenario: Scenario, how: (point: number) => Disturbance): Promise<Swept> {
  const boots = bootsOf(site, scenario);
  const calls: Record<string, number> = {};
  await site.restore(undefined);
  await scenario.prepare(site);
  await site.save("before");
  let points = 0;
  for (let point = 1; ; point += STEP) {
    await site.restore("before");
    const plan = {
      at: point,
      how: how(point),
      skip: scenario.reports === true ? [] : REPORTS,
      ...(scenario.role === undefined ? {} : { role: scenario.role }),
    };
    const ended = await site.act(scenario.act(site), plan);
    assertTruthful(site, ended);
    const hit = site.shim.calls().find((call) => call.hit);
    if (hit === undefined) {
      assert.equal(ended.code, scenario.code, `undisturbed it ended with ${ended.code}:\n${ended.out}${ended.err}`);
      return { points, calls, booted: boots.made() };
    }
    points += 1;
    calls[hit.name] = (calls[hit.name] ?? 0) + 1;
    try {
      await judge(site, scenario, ended, hit, boots);
    } catch (error) {
      const story = `${JSON.stringify(how(point))} at call ${point}: ${hit.role} ${hit.name} ${hit.path}`;
      throw new Error(`${scenario.name}, ${story}\n${String(error)}\n--- disturbed:\n${ended.out}${ended.err}`, {
        cause: error,
      });
    }
  }
}

async function judge(site: Site, scenario: Scenario, ended: Ended, hit: Call, boots: Boots): Promise<void> {
  assert.ok(!ended.hung, "it hung");
  assert.notEqual(ended.code, INTERNAL, "the loader failed by itself");
  assertNothingHalf(site);
  const blamed: readonly unknown[] = OURS.has(hit.role) ? scenario.fails : [...scenario.fails, 2];
  const assertBlame = (bans: readonly unknown[], when: string): void => {
    const wrong = bans.filter((version) => !blamed.includes(version));
    assert.deepEqual(wrong, [], `a version was banned that did not fail (${when})`);
  };
  assertBlame(banned(site), "disturbed");
  const wasStable = runnableStable(site);
  const volume = boots.begin();
  const first = await volume.boot("first");
  assertBlame(first.bans, "first boot");
  const kept = wasStable === undefined || first.serves >= wasStable || scenario.fails.includes(wasStable);
  assert.ok(kept, "a commit was undone");
  assert.ok(scenario.serves.includes(first.serves), `version ${first.serves} serves`);
  await volume.cleanUp();
  const second = await volume.boot("second");
  assert.equal(second.serves, first.serves, "the second boot serves another version than the first");
}

/** The stable version, when its tree is where its link points. */
function runnableStable(site: Site): Version | undefined {
  const version = stableVersion(site);
  const there = version !== undefined && existsSync(site.layout.executable(site.versions.digest(version)));
  return there ? version : undefined;
}
