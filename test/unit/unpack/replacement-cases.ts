import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { directory, entry, file, hardLink, symlink, tar } from "../../fixtures/tar.ts";
import type { LayerCase } from "./cases.ts";

const inode = (path: string): number => statSync(path).ino;

export const REPLACEMENT_CASES: readonly LayerCase[] = [
  {
    title: "a file gives way to a directory",
    layers: [tar(file("p", "1")), tar(directory("p"), file("p/x", "2"))],
    expected: { "p/": "", "p/x": "2" },
  },
  {
    title: "a directory gives way to a file, with all below it",
    layers: [tar(file("p/x/y", "1")), tar(file("p", "2"))],
    expected: { p: "2" },
  },
  {
    title: "a directory gives way to a symbolic link",
    layers: [tar(file("p/x", "1"), file("t/y", "2")), tar(symlink("p", "t"))],
    expected: { p: "-> t", "t/": "", "t/y": "2" },
  },
  {
    title: "a link to a directory gives way to a directory and its target stays",
    layers: [tar(file("t/y", "2"), symlink("p", "t")), tar(directory("p"), file("p/z", "3"))],
    expected: { "p/": "", "p/z": "3", "t/": "", "t/y": "2" },
  },
  {
    title: "a symbolic link gives way to a file and its target stays",
    layers: [tar(file("t", "1"), symlink("p", "t")), tar(file("p", "2"))],
    expected: { p: "2", t: "1" },
  },
  {
    title: "a file gives way to a hard link",
    layers: [tar(file("t", "1"), file("p", "2")), tar(hardLink("p", "t"))],
    expected: { p: "1", t: "1" },
    check: (root) => assert.equal(inode(`${root}/p`), inode(`${root}/t`)),
  },
  {
    title: "a directory over a directory keeps the content of both layers",
    layers: [tar(directory("d"), file("d/x", "1")), tar(directory("d", { mode: 0o750 }), file("d/y", "2"))],
    expected: { "d/": "", "d/x": "1", "d/y": "2" },
    check: (root) => assert.equal(statSync(`${root}/d`).mode & 0o7777, 0o750),
  },
  {
    title: "a file with an entry below it becomes a directory",
    layers: [tar(file("p", "1")), tar(file("p/x", "2"))],
    expected: { "p/": "", "p/x": "2" },
    warnings: [/^1 files replaced by a directory/],
  },
  {
    title: "the last of two files of one name wins, with one warning",
    layers: [tar(file("f", "1"), file("f", "2"))],
    expected: { f: "2" },
    warnings: [/^1 entries that replace an earlier one/],
  },
  {
    title: "a directory wins over the file of the same name before it, with one warning",
    layers: [tar(file("g", "1")), tar(file("f", "1"), directory("f"))],
    expected: { g: "1", "f/": "" },
    warnings: [/^1 entries that replace an earlier one/],
  },
  {
    title: "a file that replaces one of two names leaves the other name its content",
    layers: [tar(file("a", "old"), hardLink("b", "a")), tar(file("a", "new"))],
    expected: { a: "new", b: "old" },
  },
  {
    title: "a hard link to a file of a lower layer is the same file",
    layers: [tar(file("a", "1", { mode: 0o755 })), tar(hardLink("b", "a", { mode: 0o755 }))],
    expected: { a: "1", b: "1" },
    check: (root) => assert.equal(statSync(`${root}/b`).nlink, 2),
  },
  {
    title: "the target of a hard link may be written as an absolute path",
    layers: [tar(file("a", "1"), hardLink("b", "/a"))],
    expected: { a: "1", b: "1" },
  },
  {
    title: "a hard link to a symbolic link is one more name of the link",
    layers: [tar(symlink("s", "gone"), symlink("s2", "/etc/passwd"), hardLink("h", "s"), hardLink("h2", "s2"))],
    expected: { s: "-> gone", s2: "-> /etc/passwd", h: "-> gone", h2: "-> /etc/passwd" },
  },
  {
    title: "a hard link gives the shared file the mode and time of its header",
    layers: [tar(file("a", "1"), hardLink("b", "a", { mode: 0o600, mtime: 55 }))],
    expected: { a: "1", b: "1" },
    check: (root) => {
      assert.equal(statSync(`${root}/a`).mode & 0o7777, 0o600);
      assert.equal(statSync(`${root}/a`).mtimeMs, 55_000);
    },
  },
  ...(
    [
      ["nothing", "LAYER_CORRUPT", [hardLink("b", "nope")]],
      ["a file that comes later", "LAYER_CORRUPT", [hardLink("b", "a"), file("a")]],
      ["itself", "LAYER_HOSTILE", [file("a"), hardLink("a", "a")]],
      ["a directory", "LAYER_HOSTILE", [directory("dir"), hardLink("h", "dir")]],
      ["the root", "LAYER_HOSTILE", [hardLink("h", "/")]],
      ["something below its own name", "LAYER_HOSTILE", [file("a/b/x"), hardLink("a/b", "a/b/x")]],
      ["a file that it turns into a directory", "LAYER_HOSTILE", [file("p", "1"), hardLink("p/x", "p")]],
    ] as const
  ).map(([what, expected, entries]) => ({
    title: `a hard link to ${what} is refused`,
    layers: [tar(...entries)],
    expected,
  })),
  {
    title: "device nodes and fifos are skipped with one warning and hide what was there",
    layers: [
      tar(file("null", "1")),
      tar(entry("null", { type: "3" }), entry("fifo", { type: "6" }), entry("disk", { type: "4" })),
    ],
    expected: {},
    warnings: [/^3 device nodes and fifos, skipped \(first: "null"\)$/],
  },
];
