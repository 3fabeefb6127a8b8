/** `dockerloader cli` while the version that it runs is replaced and cleaned away. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { collect } from "../container/support/output.ts";
import { startLoader } from "./support/loader.ts";
import { SCENARIOS } from "./support/scenarios.ts";
import { needsShim } from "./support/shim.ts";
import { openSite, type Site } from "./support/site.ts";

const ROUNDS = 4;
/** Sessions that are open before the commit, and that are opened while it and two clean-ups run. */
const BEFORE = 8;
const DURING = 16;
const TIMEOUT_MS = 600_000;

describe("cli during commit and clean-up", needsShim(), () => {
  let site: Site;
  before(async () => {
    site = await openSite();
    await SCENARIOS.find(({ name }) => name === "a trial commits")?.prepare(site);
    await site.save("staged");
  });
  after(() => site.close());

  /** Opens a session of the version that is stable at that moment; `open` resolves when it has begun. */
  function openSession(go: string) {
    const child = spawn("dockerloader", ["cli"], {
      env: { ...site.env, CLI_GO: go },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output = collect(child);
    return { open: output.until("cli of "), ended: output.ended };
  }

  test(
    `${ROUNDS} times ${BEFORE + DURING} sessions: each ends well, and never saw two versions`,
    { timeout: TIMEOUT_MS },
    async (t) => {
      const seen = { old: 0, new: 0 };
      for (let round = 0; round < ROUNDS; round += 1) {
        await site.restore("staged");
        const at = (name: string): string => join(site.folder, `${name}-${round}`);
        const trial = `until [ -e ${at("commit")} ]; do sleep 0.02; done; dockerloader ready; dockerloader gc; echo cleaned`;
        const loader = startLoader(site, { APP_2_TRIAL: trial, APP_2: "exec sleep 300" });
        await loader.until("serving 2 on trial");
        const early = Array.from({ length: BEFORE }, () => openSession(at("go")));
        await Promise.all(early.map(({ open }) => open));
        writeFileSync(at("commit"), "");
        const late = Array.from({ length: DURING }, () => openSession(at("go")));
        await loader.until("cleaned");
        await Promise.all(late.map(({ open }) => open));
        const trees = await readdir(site.layout.extracted);
        assert.ok(trees.includes(site.versions.digest(1)), "a clean-up took away a tree that is in use");
        writeFileSync(at("go"), "");
        for (const { ended } of [...early, ...late]) {
          const { code, out, err } = await ended;
          const [, version] = /^cli of (\d)\nthe data of version \1\n$/.exec(out) ?? [];
          assert.ok(version !== undefined && code === 0, `code ${code}: ${out}${err}`);
          seen[version === "1" ? "old" : "new"] += 1;
        }
        loader.process.kill("SIGTERM");
        await loader.ended;
        assert.equal((await site.act({ args: ["gc"] })).code, 0);
        assert.deepEqual(await readdir(site.layout.extracted), [site.versions.digest(2)], "nobody uses the old tree");
      }
      t.diagnostic(`${seen.old} sessions of the old version, ${seen.new} of the new one, 0 broken`);
      assert.ok(seen.old >= ROUNDS * BEFORE, "a session that was open before the commit is of the old version");
    },
  );
});
