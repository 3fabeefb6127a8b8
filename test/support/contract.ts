/** Every step of the original's own tests (contract, "What its tests assert"), for whatever runs a loader: processes or containers. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { EXAMPLES, type Lab, whyNot } from "./lab.ts";

/** As the original behaves: a failed trial ends the container. */
const ORIGINAL = { DOCKERLOADER_ON_TRIAL_FAILURE: "exit" };
const ONCE = { RUN_ONCE: "1" };
const LATEST = "already running the latest version";

/** Declares the tests; called inside a suite. */
export function declareContractTests(openLab: () => Promise<Lab>): void {
  let lab: Lab;
  before(async () => {
    lab = await openLab();
  });
  after(() => lab?.close());

  for (const example of EXAMPLES) {
    const skip = whyNot(example) ?? false;

    test(`update flow of the ${example} example`, { skip }, async (t) => {
      const site = await lab.site({ example });
      const run = () => site.run({ env: ORIGINAL });
      const versions: Record<string, string> = { "1.0": await site.push({ VERSION: "1.0", ...ONCE }) };

      await t.test("the first run downloads and starts version 1", async () => {
        const { code, out, err } = await run();
        assert.match(out, /Version: 1\.0/, err);
        assert.equal(code, 0, out + err);
        assert.equal(await site.stable(), versions["1.0"]);
      });
      await t.test("the second run finds version 2, tries it and keeps it", async () => {
        versions["2.0"] = await site.push({ VERSION: "2.0", ...ONCE });
        const { code, out, err } = await run();
        for (const phrase of ["Version: 2.0", "trial mode: true", "update available", "trial successful"]) {
          assert.ok(out.includes(phrase), `"${phrase}" is missing in\n${out}${err}`);
        }
        assert.equal(code, 0, out + err);
        assert.equal(await site.stable(), versions["2.0"]);
      });
      await t.test("the third run stays with version 2 and finds exactly one tree and one manifest", async () => {
        const { code, out, err } = await run();
        assert.match(out, /Version: 2\.0/, err);
        assert.ok(out.includes(LATEST), out + err);
        assert.ok(!out.includes("trial mode: true"), out);
        assert.equal(code, 0, out + err);
        assert.deepEqual(await site.names("storage/v1/extracted"), [versions["2.0"]]);
        assert.deepEqual(await site.names("storage/v1/images"), [versions["2.0"]]);
      });
      await t.test("leftovers of an interrupted download are cleared away", async () => {
        const storage = join(site.dataDir, "storage/v1");
        await writeFile(join(storage, "images/tmp-testfile"), "left over");
        await mkdir(join(storage, "blobs/tmp-testdir"));
        assert.equal((await run()).code, 0);
        assert.ok(!(await site.names("storage/v1/images")).includes("tmp-testfile"));
        assert.ok(!(await site.names("storage/v1/blobs")).includes("tmp-testdir"));
      });
      await t.test("a version that fails on trial ends the container and is not committed", async () => {
        await site.push({ VERSION: "3.0", FAIL_INIT: "1", ...ONCE });
        const { code, out, err } = await run();
        assert.equal(code, 1, out + err);
        assert.match(err, /intentional failure for testing/);
        assert.equal(await site.stable(), versions["2.0"]);
      });
      await t.test("the next run is version 2, which skips the failed one", async () => {
        const { code, out, err } = await run();
        assert.match(out, /Version: 2\.0/, err);
        assert.ok(out.includes("skipping update"), out + err);
        assert.ok(!out.includes("trial mode: true"), out);
        assert.equal(code, 0, out + err);
        assert.equal(await site.stable(), versions["2.0"]);
      });
    });

    test(`trial timeout of the ${example} example`, { skip }, async () => {
      const site = await lab.site({ example });
      const env = { ...ORIGINAL, DOCKERLOADER_TRIAL_TIMEOUT_MS: "500" };
      const first = await site.push({ VERSION: "1.0", ...ONCE });
      assert.equal((await site.run({ env })).code, 0);

      await site.push({ VERSION: "2.0", SLEEP_BEFORE_READY_MS: "60000", ...ONCE });
      const hung = await site.run({ env });
      assert.equal(hung.code, 1, hung.out + hung.err);
      assert.match(hung.err, /DOCKERLOADER_TRIAL timeout hit after 500ms/);
      assert.equal(await site.stable(), first);

      const { code, out, err } = await site.run({ env });
      assert.match(out, /Version: 1\.0/, err);
      assert.ok(out.includes("skipping update"), out + err);
      assert.equal(code, 0, out + err);
    });
  }

  test("the update loop of the typescript example finds a new version while the old one runs", async () => {
    const site = await lab.site({ example: "typescript" });
    const first = await site.push({ VERSION: "1.0" });
    const loader = site.start({ env: { ...ORIGINAL, DOCKERLOADER_UPDATE_INTERVAL_SECS: "3" } });
    await loader.until("starting update loop");
    assert.equal(await site.stable(), first);

    const second = await site.push({ VERSION: "2.0" });
    for (const phrase of ["update available", "trial mode: true", "Version: 2.0", "trial successful"]) {
      await loader.until(phrase);
    }
    assert.equal(await site.stable(), second);
    const cli = await loader.cli();
    assert.deepEqual({ code: cli.code, out: cli.out }, { code: 0, out: "Version: 2.0\n" }, cli.err);
    assert.equal((await loader.stop()).code, 0);
  });
}
