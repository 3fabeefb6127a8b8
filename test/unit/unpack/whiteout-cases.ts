import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { directory, file, hardLink, symlink, tar } from "../../fixtures/tar.ts";
import type { LayerCase } from "./cases.ts";

const lower = tar(directory("a"), file("a/old", "1"), directory("a/b"), file("a/b/old", "2"), file("keep", "3"));
const onlyNew = { "a/": "", "a/new": "n", keep: "3" };
const modeOf = (path: string): number => statSync(path).mode & 0o7777;

export const WHITEOUT_CASES: readonly LayerCase[] = [
  {
    title: "a whiteout removes the file of a lower layer and keeps the time of its directory",
    layers: [tar(directory("a", { mtime: 77 }), file("a/x", "1")), tar(file("a/.wh.x"))],
    expected: { "a/": "" },
    check: (root) => assert.equal(statSync(`${root}/a`).mtimeMs, 77_000),
  },
  {
    title: "a whiteout of nothing does nothing and makes no directory",
    layers: [tar(directory("a")), tar(file("nodir/.wh.x"), file("a/.wh.x"))],
    expected: { "a/": "" },
  },
  {
    title: "a whiteout after the new file of the same name keeps the new file",
    layers: [tar(file("a/x", "old")), tar(file("a/x", "new"), file("a/.wh.x"))],
    expected: { "a/": "", "a/x": "new" },
  },
  {
    title: "a whiteout before the new file of the same name keeps the new file",
    layers: [tar(file("a/x", "old")), tar(file("a/.wh.x"), file("a/x", "new"))],
    expected: { "a/": "", "a/x": "new" },
  },
  {
    title: "a whiteout of a directory that the layer brings again removes the lower content only",
    layers: [lower, tar(directory("a"), file("a/new", "n"), file(".wh.a"))],
    expected: onlyNew,
  },
  {
    title: "a whiteout removes a link, not what it points to",
    layers: [tar(symlink("ln", "real"), file("real/x", "1")), tar(file(".wh.ln"))],
    expected: { "real/": "", "real/x": "1" },
  },
  {
    title: "a whiteout below a link to a directory removes the file there",
    layers: [tar(symlink("ln", "real"), file("real/x", "1")), tar(file("ln/.wh.x"))],
    expected: { "real/": "", ln: "-> real" },
  },
  ...[".wh.", ".wh..", ".wh...", "a/.wh..", "a/.wh..."].map((name) => ({
    title: `the whiteout "${name}", which names no file, is refused`,
    layers: [lower, tar(file(name))],
    expected: "LAYER_HOSTILE" as const,
    check: (root: string) => assert.equal(statSync(`${root}/a/b/old`).size, 1),
  })),
  {
    title: "only the last component of a name can be a whiteout",
    layers: [tar(file("etc/x", "1")), tar(file(".wh.etc/somefile", "2"))],
    expected: { "etc/": "", "etc/x": "1", ".wh.etc/": "", ".wh.etc/somefile": "2" },
  },
  {
    title: "a whiteout may be of any type",
    layers: [lower, tar(directory("a/.wh.b"), symlink(".wh.keep", "a"))],
    expected: { "a/": "", "a/old": "1" },
  },
  {
    title: "an opaque whiteout that comes first removes the lower content",
    layers: [lower, tar(directory("a"), file("a/.wh..wh..opq"), file("a/new", "n"))],
    expected: onlyNew,
  },
  {
    title: "an opaque whiteout that comes last removes the lower content",
    layers: [lower, tar(directory("a"), file("a/new", "n"), file("a/.wh..wh..opq"))],
    expected: onlyNew,
  },
  {
    title: "an opaque whiteout keeps new files whose directories have no entry",
    layers: [tar(file("a/b/old", "1")), tar(file("a/b/new", "2"), file("a/.wh..wh..opq"))],
    expected: { "a/": "", "a/b/": "", "a/b/new": "2" },
  },
  {
    title: "an opaque whiteout of the root removes everything of lower layers",
    layers: [lower, tar(file("new", "n"), file(".wh..wh..opq"))],
    expected: { new: "n" },
  },
  {
    title: "an opaque whiteout below a link clears the directory it points to",
    layers: [tar(file("real/old", "1"), symlink("ln", "real")), tar(file("ln/.wh..wh..opq"), file("ln/new", "2"))],
    expected: { "real/": "", "real/new": "2", ln: "-> real" },
  },
  {
    title: "an opaque whiteout of a missing directory does nothing",
    layers: [lower, tar(file("none/.wh..wh..opq"), file(".wh.keep"))],
    expected: { "a/": "", "a/old": "1", "a/b/": "", "a/b/old": "2" },
  },
  ...[false, true].map((last) => {
    const opaque = file("a/.wh..wh..opq");
    const fresh = file("a/b/new", "2");
    return {
      title: `a directory that was hidden loses its mode when the layer only passes through it (opaque ${last ? "last" : "first"})`,
      layers: [
        tar(directory("a"), directory("a/b", { mode: 0o700 })),
        tar(...(last ? [fresh, opaque] : [opaque, fresh])),
      ],
      expected: { "a/": "", "a/b/": "", "a/b/new": "2" },
      check: (root: string) => assert.equal(modeOf(`${root}/a/b`), 0o755),
    };
  }),
  {
    title: "a whiteout after an opaque one of the same directory keeps what the layer put there in between",
    layers: [lower, tar(file("a/.wh..wh..opq"), file("a/new", "n"), file(".wh.a"))],
    expected: onlyNew,
  },
  {
    title: "a whiteout of a directory that an opaque one has emptied removes it",
    layers: [lower, tar(file("a/.wh..wh..opq"), file(".wh.a"))],
    expected: { keep: "3" },
  },
  {
    title: "other marks of AUFS are ignored and hide nothing",
    layers: [tar(file("keep", "1")), tar(file(".wh..wh.aufs"), directory(".wh..wh.orph"))],
    expected: { keep: "1" },
  },
  {
    title: "links to the places of AUFS get their content and the place is not part of the image",
    layers: [
      tar(
        directory(".wh..wh.plnk"),
        file(".wh..wh.plnk/1.1", "x"),
        hardLink("h", ".wh..wh.plnk/1.1"),
        file(".wh..wh.aufs"),
      ),
    ],
    expected: { h: "x" },
  },
];
