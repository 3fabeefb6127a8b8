/** A volume that was hurt: what runs is what was published, or it is brought back: retained, from blobs, from the registry. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { openShellLab, type ShellLab } from "./support/shell-lab.ts";

describe("after an unclean stop", () => {
  let lab: ShellLab;
  let digest: string;
  const at = (...parts: string[]): string => join(lab.dataDir, ...parts);
  const inTree = (name: string): string => at("storage/v1/extracted", digest, name);
  /** As a power cut leaves it: without the note of a clean stop. */
  const cutPower = (): void => rmSync(at("state/clean-stop"));

  beforeEach(async () => {
    lab = await openShellLab();
    digest = await lab.push(
      'echo "data: $(cat "$DOCKERLOADER_DATA_DIR/storage/v1/extracted/$DOCKERLOADER_DIGEST/etc/data")"',
      {
        "etc/data": "whole",
      },
    );
    assert.match((await lab.run()).out, /data: whole/);
  });
  afterEach(() => lab.close());

  test("a damaged file is found by its hash and the version is unpacked again from its blobs, without the registry", async () => {
    cutPower();
    truncateSync(inTree("etc/data"), 0);
    const end = lab.registry.fault(() => ({ kind: "reset" }));
    const { code, out } = await lab.run();
    end();
    assert.equal(code, 0, out);
    assert.match(out, /took sha256:\w+ away, which is broken[^]*data: whole/);
    assert.equal(await lab.stable(), digest);
  });

  test("after a clean stop the same damage is not looked for: a launch costs no hashing", async () => {
    writeFileSync(inTree("etc/data"), "other");
    assert.match((await lab.run()).out, /data: other/);
  });

  test("damaged blobs are not trusted: the version is fetched again by its digest, though the tag has moved on", async () => {
    await lab.push("echo newer");
    cutPower();
    truncateSync(inTree("entrypoint"), 0);
    for (const name of await lab.names("storage/v1/blobs")) truncateSync(at("storage/v1/blobs", name), 0);
    const { code, out } = await lab.run();
    assert.equal(code, 0, out);
    assert.match(out, /data: whole/);
    assert.equal(await lab.stable(), digest);
  });

  test("a stable version that is nowhere any more, not even in the registry, gives way to the target", async () => {
    const newer = await lab.push("echo newer");
    lab.registry.fault(({ path }) => (path.includes(digest) ? { kind: "status", status: 404 } : undefined));
    rmSync(at("storage/v1"), { recursive: true });
    const { code, out } = await lab.run();
    assert.equal(code, 0, out);
    assert.match(out, /newer/);
    assert.equal(await lab.stable(), newer);
  });

  test("what an app added to its own tree is no damage", async () => {
    cutPower();
    writeFileSync(inTree("cache"), "made by the app");
    const { out } = await lab.run();
    assert.match(out, /data: whole/);
    assert.doesNotMatch(out, /broken/);
    assert.ok(existsSync(inTree("cache")));
  });

  test("the note of a clean stop is there after one, and gone while a loader runs", async () => {
    assert.ok(existsSync(at("state/clean-stop")));
    await lab.push("exit 0");
    const running = await lab.run({ env: { DOCKERLOADER_LOG_LEVEL: "debug" } });
    assert.equal(running.code, 0);
    assert.ok(existsSync(at("state/clean-stop")));
    assert.equal(readFileSync(at("state/clean-stop"), "utf8"), "");
  });
});
