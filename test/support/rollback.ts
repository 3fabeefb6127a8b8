/** What we do better than the original: the old version is back in the same loader, and a later good one still comes. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { EXAMPLES, type Lab, whyNot } from "./lab.ts";

const ENV = { DOCKERLOADER_UPDATE_INTERVAL_SECS: "1", DOCKERLOADER_TRIAL_TIMEOUT_MS: "5000" };

/** Declares the tests; called inside a suite. */
export function declareRollbackTests(openLab: () => Promise<Lab>): void {
  let lab: Lab;
  before(async () => {
    lab = await openLab();
  });
  after(() => lab?.close());

  for (const example of EXAMPLES) {
    test(
      `${example}: after a crash and after a hang version 1 is back in the same loader, then version 4 is kept`,
      { skip: whyNot(example) ?? false },
      async () => {
        const site = await lab.site({ example });
        const first = await site.push({ VERSION: "1.0" });
        const loader = site.start({ env: ENV });
        await loader.until("already running the latest version");
        const identity = await loader.identity();

        const bad = { "2.0": { FAIL_INIT: "1" }, "3.0": { SLEEP_BEFORE_READY_MS: "60000" } };
        for (const [version, settings] of Object.entries(bad)) {
          const from = loader.text().length;
          const digest = await site.push({ VERSION: version, ...settings });
          for (const phrase of [
            `Version: ${version}`,
            `rolled back to ${first}`,
            "Version: 1.0",
            `skipping update to ${digest}`,
          ]) {
            await loader.until(phrase, from);
          }
          assert.equal(await site.stable(), first);
        }

        const fourth = await site.push({ VERSION: "4.0" });
        await loader.until("Version: 4.0");
        await loader.until("trial successful");
        assert.equal(await site.stable(), fourth);
        assert.equal(await loader.identity(), identity);
        const cli = await loader.cli("setup", "a b");
        assert.deepEqual({ code: cli.code, out: cli.out }, { code: 0, out: "Version: 4.0\nsetup\na b\n" }, cli.err);
        const status = await loader.command("status");
        assert.equal(status.code, 0, status.out + status.err);
      },
    );
  }
}
