/** Which version a process is: what it is told, where it lies, what the links show; in this order. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { ownDigest, type ProcessFacts } from "../../../src/app/identity.ts";
import type { Digest } from "../../../src/digest.ts";
import { layoutOf } from "../../../src/layout.ts";

const digest = (letter: string): Digest => `sha256:${letter.repeat(64)}`;
const [TOLD, PLACED, STABLE, TRYING] = [digest("a"), digest("b"), digest("c"), digest("d")];

describe("the version a process runs", () => {
  let dataDir: string;
  let facts: ProcessFacts;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), "dockerloader-identity-"));
    const layout = layoutOf(dataDir);
    mkdirSync(layout.tree(PLACED), { recursive: true });
    writeFileSync(layout.executable(PLACED), "");
    symlinkSync(layout.executable(PLACED), join(dataDir, "called-through-a-link"));
    symlinkSync(layout.executable(STABLE), layout.entrypoint);
    symlinkSync(layout.executable(TRYING), layout.attempting);
    facts = { env: {}, execPath: "/usr/bin/node", main: "/app/main.js", dataDir };
  });
  afterEach(() => rmSync(dataDir, { recursive: true }));

  test("is what our loader tells it", () => {
    const placed = layoutOf(dataDir).executable(PLACED);
    assert.equal(ownDigest({ ...facts, env: { DOCKERLOADER_DIGEST: TOLD }, execPath: placed }), TOLD);
  });

  test("else where its executable or its main program lies, links resolved", () => {
    const through = join(dataDir, "called-through-a-link");
    assert.equal(ownDigest({ ...facts, execPath: through }), PLACED);
    assert.equal(ownDigest({ ...facts, main: through }), PLACED);
    assert.equal(ownDigest({ ...facts, env: { DOCKERLOADER_DIGEST: "nonsense" }, main: through }), PLACED);
  });

  test("else what the link shows that its trial mode selects", () => {
    assert.equal(ownDigest(facts), STABLE);
    assert.equal(ownDigest({ ...facts, env: { DOCKERLOADER_TRIAL: "1" } }), TRYING);
  });

  test("else nothing: it was not started by a loader", () => {
    assert.equal(ownDigest({ ...facts, dataDir: join(dataDir, "nowhere") }), undefined);
  });
});
