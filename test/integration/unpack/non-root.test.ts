import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, chownSync, lstatSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { digestOf } from "../../../src/digest.ts";
import { directory, file, symlink, tar } from "../../fixtures/tar.ts";
import { Site, TAR, treeOf } from "../../unit/unpack/harness.ts";

const NOBODY = 65_534;
const MODULE = new URL("../../../src/unpack/index.ts", import.meta.url);

/** Only root can become somebody else, and the other one has to be able to read the sources. */
const possible =
  process.geteuid?.() === 0 &&
  spawnSync("test", ["-r", fileURLToPath(MODULE)], { uid: NOBODY, gid: NOBODY }).status === 0;

const SCRIPT = `
const { unpackImage } = await import(${JSON.stringify(MODULE.href)});
process.stdout.write(JSON.stringify(await unpackImage(JSON.parse(process.argv[1]))));
`;

describe("unpacking without being root", () => {
  it(
    "keeps own files, fills closed directories over two layers, and leaves a tree that can be deleted",
    {
      skip: possible ? false : "needs to be root to become somebody else",
    },
    () => {
      using site = new Site();
      chmodSync(site.base, 0o755);
      chownSync(site.root, NOBODY, NOBODY);
      const contents = [
        tar(
          directory("d", { mode: 0o555 }),
          directory("d/none", { mode: 0 }),
          file("d/none/x", "1", { mode: 0, uid: 7 }),
        ),
        tar(file("d/y", "2", { uid: 8 }), symlink("s", "d", { uid: 9 }), file("d/none/z", "3")),
      ];
      const layers = contents.map((bytes, index) => {
        const path = join(site.base, `blob${index}`);
        writeFileSync(path, bytes);
        return { path, mediaType: TAR, digest: digestOf(bytes), diffId: digestOf(bytes), size: bytes.length };
      });
      const asNobody = { uid: NOBODY, gid: NOBODY, encoding: "utf8", cwd: "/" } as const;
      const request = JSON.stringify({ root: site.root, layers });
      const output = execFileSync(process.execPath, ["--input-type=module", "-e", SCRIPT, request], asNobody);
      const { warnings } = JSON.parse(output) as { warnings: string[] };
      assert.equal(warnings.length, 1, warnings.join("; "));
      assert.match(warnings[0] ?? "", /^6 entries whose owner cannot be restored/);
      const expected = { "d/": "", "d/none/": "", "d/none/x": "1", "d/none/z": "3", "d/y": "2", s: "-> d" };
      assert.deepEqual(treeOf(site.root), expected);
      assert.equal(lstatSync(join(site.root, "d")).mode & 0o7777, 0o755);
      assert.equal(lstatSync(join(site.root, "d/none")).mode & 0o7777, 0o700);
      assert.equal(lstatSync(join(site.root, "d/none/x")).uid, NOBODY);
      execFileSync("rm", ["-r", join(site.root, "d")], asNobody);
      assert.deepEqual(treeOf(site.root), { s: "-> d" });
    },
  );
});
