/** `dockerloader why` about a version that failed: every reason for which one is recorded, each reached for real. */
import assert from "node:assert/strict";
import { chmodSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, beforeEach, describe, test } from "node:test";
import { openShellLab, type ShellLab } from "../support/shell-lab.ts";
import { misstated } from "./support/misstated.ts";
import { answer } from "./support/answer.ts";
import { CHECKING, FAILURE_KINDS, PATIENT, WAIT } from "./support/apps.ts";

describe("why a version failed", () => {
  const failures = new Set<string>();
  let lab: ShellLab;
  let mark = "";
  beforeEach(async () => {
    lab = await openShellLab();
    mark = join(lab.folder, "mark");
  });
  afterEach(() => lab.close());

  const ask = async (): Promise<{ sentence: string }> => {
    const { reason, sentence } = answer(lab);
    assert.equal(reason.kind, "failed", sentence);
    if (reason.kind === "failed") failures.add(reason.reason.kind);
    return { sentence };
  };
  const start = (env: Readonly<Record<string, string>> = {}) => lab.start({ env: { MARK: mark, ...env } });

  /** Brings a bad version to its end and asks after the version before it has looked again. */
  async function fail(bad: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
    await lab.push(CHECKING);
    const loader = start(env);
    await loader.until("looked");
    const digest = await lab.push(bad);
    const from = loader.text().length;
    writeFileSync(mark, "");
    await loader.until("skipping update", from);
    await loader.until("looked", from);
    const { sentence } = await ask();
    const [before, after] = sentence.split(`; a new digest or \`dockerloader forget ${digest}\` tries again.`);
    assert.deepEqual([sentence.startsWith(digest), after], [true, ""], sentence);
    return `${before?.slice(digest.length)};`;
  }

  test("its trial ended: by an exit, and after how long", async () => {
    assert.match(await fail("sleep 0.3; exit 3"), /^ failed its trial: it exited with code 3 after [\d.]+ s;/);
  });

  test("its trial ended: it was not ready in time", async () => {
    assert.match(
      await fail(WAIT, { DOCKERLOADER_TRIAL_TIMEOUT_MS: "400" }),
      /^ failed its trial: it was not ready within 400ms;/,
    );
  });

  test("it crashed on probation", async () => {
    assert.match(
      await fail("dockerloader ready; exit 7"),
      /^ failed on probation: it exited with code 7 after (\d{1,2} ms|[\d.]+ s);/,
    );
  });

  test("its entrypoint could not be executed any more when its turn came", async () => {
    await lab.push(PATIENT);
    const loader = start();
    await loader.until("looked");
    const digest = await lab.push("exit 0");
    const from = loader.text().length;
    writeFileSync(mark, "");
    await loader.until("staged\n", from);
    // Without a seal nothing says that it was whole when it was published: the volume is not to blame.
    rmSync(join(lab.dataDir, "state/receipts", `${digest}.seal`));
    chmodSync(join(lab.dataDir, "storage/v1/extracted", digest, "entrypoint"), 0o644);
    writeFileSync(mark, "");
    await loader.until("skipping update", from);
    await loader.until("looked", from);
    assert.match((await ask()).sentence, new RegExp(`^${digest} failed: .*entrypoint is not executable;`));
  });

  test("an operator went back to the version before it", async () => {
    await lab.push(CHECKING);
    const loader = start();
    await loader.until("looked");
    await lab.push(`dockerloader ready; echo committed; ${WAIT}`);
    writeFileSync(mark, "");
    await loader.until("committed");
    const from = loader.text().length;
    assert.equal((await lab.command(["rollback"])).code, 0);
    await loader.until("looked", from);
    assert.match((await ask()).sentence, / failed: an operator went back to the version before it;/);
  });

  test("its trials were interrupted too often", async () => {
    await lab.push(CHECKING);
    const env = { DOCKERLOADER_TRIAL_TRIES: "1", DOCKERLOADER_TRIAL_TIMEOUT_MS: "600000" };
    const first = start(env);
    await first.until("looked");
    const digest = await lab.push(WAIT);
    writeFileSync(mark, "");
    await first.until("trial mode: true");
    await first.kill("SIGTERM");
    const second = start(env);
    await second.until("looked");
    assert.match((await ask()).sentence, new RegExp(`^${digest} failed: its trials were interrupted 1 times;`));
  });

  test("the loader was killed between claim and record; the original loader had given up on it", async () => {
    await lab.push(CHECKING);
    const first = start();
    await first.until("looked");
    await first.kill("SIGTERM");
    const digest = await lab.push("exit 9");
    symlinkSync(join(lab.dataDir, "storage/v1/extracted", digest, "entrypoint"), join(lab.dataDir, "state/revoked"));
    const second = start();
    await second.until("looked");
    assert.match(
      (await ask()).sentence,
      new RegExp(`^${digest} failed: its trial was ended by the loader, which was then stopped or could not write;`),
    );
    await second.kill("SIGTERM");

    rmSync(join(lab.dataDir, "state"), { recursive: true });
    writeFileSync(join(lab.dataDir, "update-attempt"), digest);
    const third = start();
    await third.until("looked");
    assert.match((await ask()).sentence, new RegExp(`^${digest} failed: it failed under the original loader;`));
  });

  test("its layers do not make up the image that its config states", async () => {
    await lab.push(CHECKING);
    const loader = start();
    await loader.until("looked");
    const image = misstated(await lab.build("exit 0"));
    const digest = await lab.registry.push("app", "stable", image);
    const from = loader.text().length;
    writeFileSync(mark, "");
    await loader.until("looked", from);
    const again = loader.text().length;
    writeFileSync(mark, "");
    await loader.until("skipping update", again);
    await loader.until("looked", again);
    assert.match((await ask()).sentence, new RegExp(`^${digest} failed: `));
  });

  after(() => {
    assert.deepEqual(
      FAILURE_KINDS.filter((kind) => !failures.has(kind)),
      [],
    );
  });
});
