/** Two versions share files by hard links where the volume cannot clone: no write of one is ever run by the other. */
import assert from "node:assert/strict";
import { lstatSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { buildImage } from "../../src/testing/index.ts";
import { openShellLab, type ShellLab } from "./support/shell-lab.ts";

/** Shows the shared file as this version sees it. */
const SHOW =
  'TREE="$DOCKERLOADER_DATA_DIR/storage/v1/extracted/$DOCKERLOADER_DIGEST"; echo "$NAME: $(cat "$TREE/lib/tool")"';
const FOLLOW = 'until [ -e "$MARK" ]; do sleep 0.02; done; dockerloader check >/dev/null; exit 42';

describe("a file that two versions share", () => {
  let lab: ShellLab;
  const mark = (name: string): string => join(lab.folder, name);
  beforeEach(async () => {
    lab = await openShellLab();
  });
  afterEach(() => lab.close());

  const push = async (script: string): Promise<string> => {
    const layers = [
      { files: { "lib/tool": "as published", "lib/other": "x" } },
      { files: { entrypoint: `#!/bin/sh\n${script}\n` } },
    ];
    return lab.registry.push("app", "stable", await buildImage({ layers }));
  };
  const tool = (digest: string): string => join(lab.dataDir, "storage/v1/extracted", digest, "lib/tool");

  test("and that the new one writes in place on its trial is whole again when the old one is back", async () => {
    const first = await push(`NAME=first; ${SHOW}; [ -e "$MARK.back" ] && exit 0; ${FOLLOW}`);
    const loader = lab.start({ env: { MARK: mark("go") } });
    await loader.until("first: as published");
    const second = await push(
      `NAME=second; ${SHOW}; printf 'by the second' >"$TREE/lib/tool"; ${SHOW}; touch "$MARK.back"; exit 1`,
    );
    writeFileSync(mark("go"), "");
    const { code, out } = await loader.ended;
    assert.equal(code, 0, out);
    assert.match(out, /second: as published[^]*second: by the second[^]*first: as published/);
    assert.match(out, /lib\/tool of sha256:\w+ was written by another version that shares it/);
    assert.equal(await lab.stable(), first);
    assert.equal(readFileSync(tool(first), "utf8"), "as published");
    assert.notEqual(second, first);
  });

  test("and that the old one writes in place after the new one was staged costs a try, never the content", async () => {
    const script = `NAME=first; ${SHOW}; ${FOLLOW.replace("exit 42", `printf 'by the first' >"$TREE/lib/tool"; exit 42`)}`;
    await push(script);
    const loader = lab.start({ env: { MARK: mark("go") } });
    await loader.until("first: as published");
    await push(`dockerloader ready; NAME=second; ${SHOW}; exit 0`);
    writeFileSync(mark("go"), "");
    const { code, out } = await loader.ended;
    assert.equal(code, 0, out);
    assert.match(out, /dropped entrypoint-attempt: lib\/tool of sha256:\w+ was written by another version/);
    assert.match(out, /second: as published/);
    assert.doesNotMatch(out, /second: by the first/);
  });

  test("and that a committed version writes in place keeps the old one from coming back, now and later", async () => {
    const env = { MARK: mark("go") };
    const first = await push(`NAME=first; ${SHOW}; [ -e "$MARK.back" ] && exit 0; ${FOLLOW}`);
    const loader = lab.start({ env });
    await loader.until("first: as published");
    const second = await push(
      `dockerloader ready; NAME=second; ${SHOW}; printf 'by the second' >"$TREE/lib/tool"; exit 3`,
    );
    writeFileSync(mark("go"), "");
    const refused = await loader.ended;
    assert.equal(refused.code, 69, refused.out);
    assert.match(refused.err, /lib\/tool of sha256:\w+ was written by another version that shares it/);
    const byHand = await lab.command(["rollback"]);
    assert.equal(byHand.code, 69, byHand.err);
    assert.match(byHand.err, /was written by another version that shares it/);
    assert.equal(await lab.stable(), second);
    writeFileSync(mark("go.back"), "");
    // The second one is unpacked anew, and shares nothing any more that would tell what it has written before.
    const again = await lab.run({ env });
    assert.match(again.out, /second: as published/);
    assert.doesNotMatch(again.out, /first: by the second/);
    assert.notEqual(await lab.stable(), first);
  });

  test("and that a version writes in place on a trial that is stopped is whole again at the next start", async () => {
    const env = { MARK: mark("go") };
    await push(`NAME=first; ${SHOW}; [ -e "$MARK.back" ] && exit 0; ${FOLLOW}`);
    const loader = lab.start({ env });
    await loader.until("first: as published");
    await push(`NAME=second; ${SHOW}; printf 'by the second' >"$TREE/lib/tool"; ${SHOW}; exec sleep 60`);
    writeFileSync(mark("go"), "");
    await loader.until("second: by the second");
    await loader.kill("SIGTERM");
    writeFileSync(mark("go.back"), "");
    const { out } = await lab.run({ env });
    assert.match(out, /first: as published/);
    assert.doesNotMatch(out, /first: by the second/);
  });

  test("is one inode, so that an update costs what changed", async () => {
    const first = await push(`NAME=first; ${SHOW}; ${FOLLOW}`);
    const loader = lab.start({ env: { MARK: mark("go") } });
    await loader.until("first: as published");
    const inode = lstatSync(tool(first)).ino;
    const second = await push(`echo second; until [ -e "$MARK.end" ]; do sleep 0.02; done; dockerloader ready; exit 0`);
    writeFileSync(mark("go"), "");
    await loader.until("second");
    assert.equal(lstatSync(tool(second)).ino, inode);
    writeFileSync(mark("go.end"), "");
    assert.equal((await loader.ended).code, 0);
  });
});
