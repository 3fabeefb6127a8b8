/**
 * Real volumes that take nothing more: full, without inodes, read-only. The stable version runs, no version is blamed,
 * nothing half is left, and once the volume is mended the update goes through.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { needs } from "../support/preconditions.ts";
import { assertNothingHalf, banned, servedLast, stableVersion } from "./support/invariants.ts";
import { SCENARIOS } from "./support/scenarios.ts";
import { needsShim } from "./support/shim.ts";
import { type Act, type Ended, openSite, type Site } from "./support/site.ts";
import { openSmallVolume, type SmallVolume } from "./support/small-volume.ts";

/** Looks for an update, says how that ended, and restarts into what it found. */
const LOOK = 'dockerloader check; code=$?; echo "check ended with $code"; [ $code = 42 ] && exit 42';
const TIMEOUT_MS = 300_000;

for (const type of ["tmpfs", "ext4"] as const) {
  const needed = { ...needs("small volumes", ["mount", "umount", `mkfs.ext4`]), ...needsShim() };
  describe(`a ${type} that takes nothing more`, { ...needed, timeout: TIMEOUT_MS }, () => {
    let folder: string;
    let volume: SmallVolume;
    let site: Site;
    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), "dockerloader-storage-"));
      volume = await openSmallVolume(folder, type);
      site = await openSite(join(volume.root, "data"));
    });
    afterEach(async () => {
      await site.close();
      await volume.close();
      rmSync(folder, { recursive: true });
    });

    const prepare = async (name: string): Promise<void> => SCENARIOS.find((each) => each.name === name)?.prepare(site);
    /** A boot in which version 1 serves and nobody is blamed. */
    const serves = async (act: Act): Promise<Ended> => {
      const ended = await site.act(act);
      const told = `${ended.code}: ${ended.out}${ended.err}`;
      assert.deepEqual([ended.code, servedLast(ended), stableVersion(site)], [0, 1, 1], told);
      assert.deepEqual(banned(site), [], told);
      assertNothingHalf(site);
      return ended;
    };
    /** The volume is mended: the update goes through. */
    const updates = async (act: Act): Promise<void> => {
      const ended = await site.act(act);
      const told = `${ended.code}: ${ended.out}${ended.err}`;
      assert.deepEqual([ended.code, servedLast(ended), stableVersion(site)], [0, 2, 2], told);
      assert.deepEqual(readdirSync(site.layout.staging), [], told);
    };
    const look: Act = { target: 2, env: { APP_1: LOOK } };

    for (const what of ["bytes", "inodes"] as const) {
      test(`no ${what} left: an update ends with STORE_FULL, cleans up, and comes through later`, async () => {
        await prepare("an update is staged");
        volume.fill(what);
        const { out } = await serves(look);
        assert.match(out, /STORE_FULL[^]*check ended with 74/);
        assert.deepEqual(readdirSync(site.layout.staging), []);
        volume.free();
        await updates(look);
      });
    }

    test("no bytes left: what is staged waits, and is tried later", async () => {
      await prepare("a trial commits");
      volume.fill("bytes");
      const { err } = await serves({});
      assert.match(err, /"event":"store.degraded"/);
      volume.free();
      await updates({});
    });

    test("no inodes left: what is staged waits, or is tried with those that the loader itself gives back", async () => {
      await prepare("a trial commits");
      volume.fill("inodes");
      const { code, out, err } = await site.act({});
      assert.deepEqual([code, banned(site)], [0, []], out + err);
      assertNothingHalf(site);
      volume.free();
      await updates({});
    });

    test("read-only: the stable version runs, updates are off, nothing is tried", async () => {
      await prepare("a trial commits");
      await volume.remount("ro");
      const { out, err } = await serves(look);
      assert.match(err, /is mounted read-only; the stable version runs, updates are off/);
      assert.doesNotMatch(out, /check ended with 42/);
      await volume.remount("rw");
      await updates({});
    });
  });
}
