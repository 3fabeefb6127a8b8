/**
 * A real quota (EDQUOT from the kernel, not from a shim), of which statfs(2) shows nothing: whichever step of an update meets it,
 * the stable version runs on, no version is blamed, nothing is left, and with a larger quota the update comes through.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { needs, needsFileSystem } from "../support/preconditions.ts";
import { assertClean, assertNothingHalf, banned, servedLast, stableVersion } from "./support/invariants.ts";
import { openQuotaVolume, type QuotaVolume } from "./support/quota-volume.ts";
import { needsShim } from "./support/shim.ts";
import { type Act, openSite, type Site } from "./support/site.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const LOOK = 'dockerloader check; code=$?; echo "check ended with $code"; [ $code = 42 ] && exit 42';
const look: Act = { target: 2, env: { APP_1: LOOK } };
/** `CRASH_FULL=1`: eight times as many amounts of room. */
const FINER = process.env["CRASH_FULL"] === "1" ? 8 : 1;
/** More starts than any sweep below needs: one that gets no further has failed. */
const MOST = 20 * FINER;

const needed = { ...needs("quotas", ["mkfs.btrfs", "btrfs", "mount"]), ...needsFileSystem("btrfs"), ...needsShim() };
describe("a quota of btrfs", { ...needed, timeout: 300_000 * FINER }, () => {
  let folder: string;
  let volume: QuotaVolume;
  let site: Site;
  const open = async (ballast: number): Promise<void> => {
    site = await openSite(join(volume.root, "data"), ballast);
    const { code, out, err } = await site.act({ target: 1 });
    assert.equal(code, 0, out + err);
  };
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "dockerloader-quota-"));
    volume = await openQuotaVolume(folder);
  });
  afterEach(async () => {
    await site.close();
    await volume.close();
    rmSync(folder, { recursive: true });
  });

  /** Starts with a little more room each time until version 2 is the stable one; what was said of each start before that. */
  const grow = async (act: Act, step: number): Promise<string[]> => {
    const said: string[] = [];
    for (let turn = 0; turn < MOST; turn += 1) {
      await volume.limit((await volume.used()) + turn * (step / FINER));
      const ended = await site.act(act);
      const told = `${turn} steps of ${step}: ${ended.code}: ${ended.out}${ended.err}`;
      const stable = stableVersion(site);
      assert.deepEqual([ended.code, servedLast(ended)], [0, stable], told);
      assert.deepEqual(banned(site), [], told);
      assert.deepEqual(readdirSync(site.layout.staging), [], told);
      assert.doesNotMatch(told, /STORE_IO/);
      assertNothingHalf(site);
      if (stable === 2) return said;
      said.push(ended.out + ended.err);
    }
    throw new Error(`${MOST} starts: ${said.at(-1)}`);
  };
  const count = (said: readonly string[], what: RegExp): number => said.filter((text) => what.test(text)).length;

  test("met by a first download, it ends the container with the code of a full volume, and lets it through when it is raised", async () => {
    site = await openSite(join(volume.root, "data"), 8 * MIB);
    await volume.limit(4 * MIB);
    const full = await site.act({ target: 1 });
    assert.equal(full.code, 74, full.out + full.err);
    assert.match(full.out + full.err, /EDQUOT/);
    assert.deepEqual([servedLast(full), stableVersion(site), banned(site)], [undefined, undefined, []]);
    assertNothingHalf(site);
    await volume.limit("none");
    const { code, out, err } = await site.act({ target: 1 });
    assert.equal(code, 0, out + err);
    assert.equal(stableVersion(site), 1);
    await assertClean(site);
  });

  test("met by a download or by what is unpacked, it ends the update with STORE_FULL", async () => {
    await open(8 * MIB);
    const said = await grow(look, 3 * MIB);
    assert.equal(count(said, /EDQUOT\)? \[STORE_FULL\][^]*check ended with 74/), said.length, said.join("\n"));
    // Which of the two meets it first is chance as long as both are at work.
    assert.ok(count(said, /partial.*EDQUOT|unpacking \(EDQUOT/) > 1, said.join("\n"));
    await assertClean(site);
  });

  test("met by a record or a link, it ends the update with STORE_FULL", async () => {
    await open(0);
    const said = await grow(look, 512 * KIB);
    assert.ok(count(said, /EDQUOT \[STORE_FULL\][^]*check ended with 74/) > 0, said.join("\n"));
    await assertClean(site);
  });

  test("met by a trial, it puts the trial off and blames nobody", async () => {
    await open(0);
    const env = { DOCKERLOADER_DIGEST: site.versions.digest(1) };
    assert.equal((await site.act({ args: ["check"], target: 2, env })).code, 42);
    const said = await grow({}, 256 * KIB);
    assert.equal(count(said, /EDQUOT.*no trial now/), said.length, said.join("\n"));
    await assertClean(site);
  });
});
