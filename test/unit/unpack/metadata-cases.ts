import assert from "node:assert/strict";
import { lstatSync } from "node:fs";
import { base256, directory, file, symlink, tar } from "../../fixtures/tar.ts";
import type { LayerCase } from "./cases.ts";

const isRoot = process.geteuid?.() === 0;
const ownerOf = (uid: number): number => (isRoot ? uid : (process.geteuid?.() ?? 0));
const ownerWarning = isRoot ? [] : [/owner cannot be restored/];
const mode = (path: string): number => lstatSync(path).mode & 0o7777;
/** In seconds, to the microsecond. */
const time = (path: string): number => Math.round(lstatSync(path).mtimeMs * 1000) / 1e6;

const timeCase = (text: string, seconds: number): LayerCase => ({
  title: `the time ${text} of an extended header becomes ${seconds}`,
  layers: [tar(file("f", "", { pax: { mtime: text } }))],
  expected: { f: "" },
  check: (root) => assert.equal(time(`${root}/f`), seconds),
});

export const METADATA_CASES: readonly LayerCase[] = [
  {
    title: "modes are exact, whatever the umask",
    layers: [
      tar(
        file("setid", "1", { mode: 0o6755, uid: 1000 }),
        directory("sticky", { mode: 0o1777 }),
        file("closed", "", { mode: 0 }),
        file("group", "", { mode: 0o664 }),
        directory("shared", { mode: 0o2775 }),
      ),
    ],
    expected: { setid: "1", "sticky/": "", closed: "", group: "", "shared/": "" },
    warnings: ownerWarning,
    check: (root) => {
      const found = ["setid", "sticky", "closed", "group", "shared"].map((name) => mode(`${root}/${name}`));
      assert.deepEqual(found, [0o6755, 0o1777, 0, 0o664, 0o2775]);
    },
  },
  {
    title: "an entry for the root gives it its mode and time",
    layers: [tar(directory("./", { mode: 0o750, mtime: 77 }), file("x"))],
    expected: { x: "" },
    check: (root) => assert.deepEqual([mode(root), time(root)], [0o750, 77]),
  },
  {
    title: "a root and a parent without an entry have the mode 0755",
    layers: [tar(file("a/x"))],
    expected: { "a/": "", "a/x": "" },
    check: (root) => assert.deepEqual([mode(root), mode(`${root}/a`)], [0o755, 0o755]),
  },
  {
    title: "a symbolic link has its own owner and time",
    layers: [tar(symlink("s", "gone", { uid: 42, mtime: 99 }))],
    expected: { s: "-> gone" },
    warnings: ownerWarning,
    check: (root) => {
      assert.equal(lstatSync(`${root}/s`).uid, ownerOf(42));
      assert.equal(time(`${root}/s`), 99);
    },
  },
  {
    title: "directories keep their times although entries come later",
    layers: [
      tar(directory("a", { mtime: 100 }), directory("ab", { mtime: 200 }), file("a/x"), file("ab/y"), file("a/z")),
    ],
    expected: { "a/": "", "ab/": "", "a/x": "", "ab/y": "", "a/z": "" },
    check: (root) => assert.deepEqual([time(`${root}/a`), time(`${root}/ab`)], [100, 200]),
  },
  {
    title: "directories that nobody may write take children of two layers",
    layers: [tar(directory("d", { mode: 0o555 }), file("d/x")), tar(file("d/y"))],
    expected: { "d/": "", "d/x": "", "d/y": "" },
    check: (root) => assert.equal(mode(`${root}/d`), isRoot ? 0o555 : 0o755),
  },
  timeCase("1000000000.5", 1_000_000_000.5),
  timeCase("1000000000.3", 1_000_000_000.3),
  timeCase("+1000000000.5", 1_000_000_000.5),
  timeCase("-5", 0),
  timeCase("1000000000000", 0),
  {
    title: "a time that is none is refused",
    layers: [tar(file("f", "", { pax: { mtime: "abc" } }))],
    expected: "LAYER_CORRUPT",
  },
  {
    title: "owners beyond octal digits are read from extended headers and base 256",
    layers: [tar(file("a", "", { pax: { uid: "3000000" } }), file("b", "", { uid: base256(4_000_000n, 8) }))],
    expected: { a: "", b: "" },
    warnings: ownerWarning,
    check: (root) => {
      assert.equal(lstatSync(`${root}/a`).uid, ownerOf(3_000_000));
      assert.equal(lstatSync(`${root}/b`).uid, ownerOf(4_000_000));
    },
  },
  ...["4294967295", "4294967296", "-1"].map((uid): LayerCase => ({
    title: `the owner ${uid} is refused`,
    layers: [tar(file("a", "", { pax: { uid } }))],
    expected: "LAYER_CORRUPT",
  })),
  {
    title: "extended attributes are not kept, with one warning, and capabilities of the entrypoint with another",
    layers: [
      tar(
        file("a", "", { pax: { "SCHILY.xattr.user.x": "1" } }),
        file("entrypoint", "", { pax: { "SCHILY.xattr.security.capability": "\u0001\0\0\u0002" } }),
      ),
    ],
    expected: { a: "", entrypoint: "" },
    warnings: [/^2 entries with extended attributes/, /^1 entrypoints with file capabilities/],
  },
];
