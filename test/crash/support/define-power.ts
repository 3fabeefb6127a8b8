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
import { sweep } from "./sweep.ts";

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
        const { points, booted } = await sweep(site, scenario, cutAt);
        cuts += points;
        t.diagnostic(`${points} cuts, ${booted} boots, 0 unusable`);
      });
    }

    test(`${DELAYS_SECS.join(", ")} s after a commit`, async (t) => {
      const { ours, original } = await cutLater(site, type);
      cuts += ours.length;
      for (const { secs, flushJournal, fault } of ours) {
        assert.equal(fault, undefined, `${secs} s after the commit, journal ${flushJournal ? "" : "not "}written out`);
      }
      const bad = original.filter(({ fault }) => fault !== undefined);
      t.diagnostic(`${ours.length} cuts, 0 unusable; the original's order: ${bad.length} of ${original.length} unusable`);
      for (const { secs, flushJournal, fault } of bad) {
        t.diagnostic(`original, ${secs} s, journal ${flushJournal ? "" : "not "}written out: ${fault}`);
      }
    });

    test("the order of the original, cut at each of its calls, loses versions: the cut is a real one", async (t) => {
      let bad = 0;
      let point = 1;
      for (; ; point += 1) {
        const reached = await cutOriginal(site, point);
        if (!reached) break;
        if (originalFault(site.layout.dataDir) !== undefined) bad += 1;
      }
      t.diagnostic(`the original's order: ${bad} of ${point - 1} cuts leave no usable version`);
      assert.ok(bad > 0, "no cut harmed an order without a sync: the cuts are not what they should be");
    });

    test("at least 150 cuts", (t) => {
      t.diagnostic(`${cuts} cuts on ${type}`);
      assert.ok(cuts >= 150, `${cuts} cuts`);
    });
  });
}

/** Neighbouring calls are cut with and without the journal written out; the other half with `CRASH_FULL=1`. */
const cutAt = (point: number): Disturbance => ({ kind: "cut", flushJournal: point % 2 === 0 });

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
