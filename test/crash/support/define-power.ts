import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { needs } from "../../support/preconditions.ts";
import { cutLater, DELAYS_SECS } from "./cut-later.ts";
import type { FileSystemType } from "./loop.ts";
import { originalFault, originalFirst } from "./original-order.ts";
import { openPowerSite, type PowerSite } from "./power-site.ts";
import { SCENARIOS } from "./scenarios.ts";
import { needsShim, type Disturbance } from "./shim.ts";
import { PARTIAL } from "./define-sweep.ts";
import { sweep, STEP } from "./sweep.ts";

const TIMEOUT_MS = 900_000;
const CRITICAL = new Set([
  "an update is staged",
  "a trial commits",
  "an app becomes ready and cleans up",
  "a version crashes on probation and is taken back",
]);

/** The power cuts on one file system. */
export function definePower(type: FileSystemType): void {
  const needed = { ...needs("power cuts", ["mount", "umount", "xfs_io", `mkfs.${type}`]), ...needsShim() };
  describe(`power cuts on ${type}`, { ...needed, timeout: TIMEOUT_MS }, () => {
    let site: PowerSite;
    let cuts = 0;
    before(async () => {
      site = await openPowerSite(type);
    });
    after(() => site.close());

    for (const scenario of SCENARIOS.filter(({ name }) => CRITICAL.has(name))) {
      test(scenario.name, async (t) => {
        for (const how of WAYS) {
          const { points, booted } = await sweep(site, scenario, how);
          cuts += points;
          t.diagnostic(`${points} cuts, ${booted} boots, 0 unusable`);
        }
      });
    }

    test(`${DELAYS_SECS.join(", ")} s after a commit`, async (t) => {
      const { ours, original } = await cutLater(site, type);
      cuts += ours.length;
      for (const { secs, flushJournal, fault } of ours) {
        assert.equal(fault, undefined, `${secs} s after the commit, journal ${flushJournal ? "" : "not "}written out`);
      }
      const bad = original.filter(({ fault }) => fault !== undefined);
      t.diagnostic(
        `${ours.length} cuts, 0 unusable; the original's order: ${bad.length} of ${original.length} unusable`,
      );
      for (const { secs, flushJournal, fault } of bad) {
        t.diagnostic(`original, ${secs} s, journal ${flushJournal ? "" : "not "}written out: ${fault}`);
      }
    });

    test("the order of the original, cut at each of its calls, loses versions: the cut is a real one", async (t) => {
      let bad = 0;
      let made = 0;
      for (let point = 1; ; point += STEP) {
        if (!(await cutOriginal(site, point))) break;
        made += 1;
        if (originalFault(site.layout.dataDir) !== undefined) bad += 1;
      }
      t.diagnostic(`the original's order: ${bad} of ${made} cuts leave no usable version`);
      assert.ok(bad > 0, "no cut harmed an order without a sync: the cuts are not what they should be");
    });

    test("at least 150 cuts", { skip: PARTIAL && "only a part was swept" }, (t) => {
      t.diagnostic(`${cuts} cuts on ${type}`);
      assert.ok(cuts >= 150, `${cuts} cuts`);
    });
  });
}

/** Neighbouring calls are cut with and without the journal written out. */
const cutAt = (point: number): Disturbance => ({ kind: "cut", flushJournal: point % 2 === 0 });
/** The other half comes with `CRASH_FULL=1`. */
const WAYS = process.env["CRASH_FULL"] === "1" ? [cutAt, (point: number) => cutAt(point + 1)] : [cutAt];

/** False when the update was over before the point. */
async function cutOriginal(site: PowerSite, point: number): Promise<boolean> {
  const { dataDir } = site.layout;
  await site.restore(undefined);
  mkdirSync(dataDir);
  originalFirst(dataDir);
  await site.save("original");
  const env = site.shim.env(dataDir, { at: point, how: cutAt(point) });
  const child = spawn(process.execPath, [join(import.meta.dirname, "original-order.ts"), dataDir], {
    env: { ...process.env, ...env },
    stdio: "inherit",
  });
  const [, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  await site.remount();
  return signal === "SIGKILL";
}
