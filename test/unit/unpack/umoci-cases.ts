import assert from "node:assert/strict";
import { lstatSync } from "node:fs";
import { directory, file, hardLink, symlink, tar } from "../../fixtures/tar.ts";
import { type LayerCase, nested } from "./cases.ts";
import { OPAQUE_CASES } from "./umoci-opaque.ts";

const MTIME_SECS = 123;
const OWNER = { uid: 1337, gid: 2020 };

/** TestUnpackEntryWhiteout: what is there, file or directory, in the root or below. The time of its parent stays. */
const WHITEOUTS = [
  ["FileInRoot", "rootpath", false],
  ["HiddenFileInRoot", ".hiddenroot", false],
  ["FileInSubdir", "some/path/file", false],
  ["HiddenFileInSubdir", "another/path/.hiddenfile", false],
  ["DirInRoot", "rootpath", true],
  ["HiddenDirInRoot", ".hiddenroot", true],
  ["DirInSubdir", "some/path/dir", true],
  ["HiddenDirInSubdir", "another/path/.hiddendir", true],
] as const;

function whiteout([name, path, isDirectory]: (typeof WHITEOUTS)[number]): LayerCase {
  const at = path.lastIndexOf("/") + 1;
  const [parent, last] = [path.slice(0, at), path.slice(at)];
  const content = isDirectory
    ? [
        directory(path),
        file(`${path}/file1`, "some value"),
        file(`${path}/file2`, "some value"),
        file(`${path}/.subdir/file3`, "some value"),
      ]
    : [file(path, "some value")];
  return {
    title: `umoci: UnpackEntryWhiteout ${name}`,
    layers: [tar(directory(parent || "./", { mtime: MTIME_SECS }), ...content), tar(file(`${parent}.wh.${last}`))],
    expected: nested(parent),
    check: (root) => assert.equal(lstatSync(`${root}/${parent}`).mtimeMs, MTIME_SECS * 1000),
  };
}

const facts = (root: string, path: string) => {
  const { ino, uid, gid } = lstatSync(`${root}/${path}`);
  return { ino, uid, gid };
};

/**
 * What umoci's tests of its package oci/layer (tar_extract_test, tar_extract_linux_test, unpack_test) check of unpacking, under their names,
 * as whole trees. Not here: maps of ids and `--keep-dirlinks`, which are options of umoci, and what it writes as whiteouts of overlayfs.
 */
export const UMOCI_CASES: readonly LayerCase[] = [
  ...["/..", ".."].map((prefix) => ({
    title: `umoci: UnpackEntrySanitiseScoping ${prefix}`,
    layers: [tar(file(`${prefix}/victim/secret`, "container content"))],
    expected: { "victim/": "", "victim/secret": "container content" },
    warnings: [/names that climb above the root/],
  })),
  ...["/", "/../", `/${"../".repeat(15)}`, "/./.././.././.././.././.././.././.././.././../", ".."].map((target) => ({
    title: `umoci: UnpackEntrySymlinkScoping ${target}`,
    layers: [tar(symlink("link", target)), tar(file("link/victim/secret", "container content"))],
    expected: { link: `-> ${target}`, "victim/": "", "victim/secret": "container content" },
  })),
  {
    title: "umoci: UnpackEntryNonDirParent",
    layers: [tar(file("nondir"), file("nondir/foo/bar/baz"))],
    expected: { ...nested("nondir/foo/bar"), "nondir/foo/bar/baz": "" },
    warnings: [/files replaced by a directory/],
  },
  {
    title: "umoci: UnpackEntryParentDir",
    layers: [tar(file("a/b/c/file", "creating parentdirs"))],
    expected: { ...nested("a/b/c"), "a/b/c/file": "creating parentdirs" },
  },
  ...["", "some/path/"].map((parent) => ({
    title: `umoci: UnpackEntryWhiteout EmptyWhiteoutName in "${parent}"`,
    layers: [tar(directory(parent || "./", { mtime: MTIME_SECS })), tar(file(`${parent}.wh.`))],
    expected: "LAYER_HOSTILE" as const,
  })),
  ...WHITEOUTS.map(whiteout),
  ...OPAQUE_CASES,
  {
    title: "umoci: UnpackHardlink",
    layers: [
      tar(
        file("regular", "some content"),
        hardLink("hard link", "/regular", OWNER),
        symlink("link", "../../../regular"),
        hardLink("hard link to symlink", "../../../link", OWNER),
      ),
    ],
    expected: {
      regular: "some content",
      "hard link": "some content",
      link: "-> ../../../regular",
      "hard link to symlink": "-> ../../../regular",
    },
    check: (root) => {
      const [regular, link] = [facts(root, "regular"), facts(root, "link")];
      assert.deepEqual(facts(root, "hard link"), regular);
      assert.deepEqual(facts(root, "hard link to symlink"), link);
      assert.notEqual(regular.ino, link.ino);
      if (process.geteuid?.() !== 0) return;
      // The header of a hard link counts, as in Docker (A23); umoci ignores it. That of a link to a symbolic link never does.
      assert.deepEqual([regular.uid, regular.gid, link.uid, link.gid], [OWNER.uid, OWNER.gid, 0, 0]);
    },
  },
  {
    title: "umoci: UnpackManifestCustomLayer",
    layers: [tar(file("x", "1"), Buffer.alloc(10_240)), Buffer.concat([tar(file("y", "2")), Buffer.alloc(8_192)])],
    expected: { x: "1", y: "2" },
  },
  // The three below are about overlayfs there; here the same layers are applied to what lies below them. Nothing is made for a whiteout (A13).
  {
    title: "umoci: OverlayfsRootfs_Whiteout_MissingDirs",
    layers: [
      tar(file("opaque-nondir", "1"), file("opaque-whiteout", "1")),
      tar(
        file("opaque-noparent/a/b/c/.wh..wh..opq"),
        file("whiteout-noparent/a/b/.wh.c"),
        file("opaque-nondir/.wh..wh..opq"),
        file(".wh.opaque-whiteout"),
        file("opaque-whiteout/.wh..wh..opq"),
      ),
    ],
    expected: { "opaque-nondir": "1" },
  },
  {
    title: "umoci: OverlayfsRootfs_Whiteout_Nested",
    layers: [
      tar(
        file("opaque-innerplain/foo/bar/baz/before", "old"),
        file("opaque-innerplain/a/b/c/d/e/f/after", "old"),
        file("opaque-nested/a/b/c/d/old", "old"),
      ),
      tar(
        file("opaque-innerplain/foo/bar/baz/.wh.before"),
        file("opaque-innerplain/regfile", "new"),
        file("opaque-innerplain/.wh..wh..opq"),
        file("opaque-innerplain/a/b/c/d/e/f/.wh.after"),
        file("opaque-innerplain/a/b/c/d/regfile", "new"),
        file("opaque-nested/a/b/c/d/.wh..wh..opq"),
        file("opaque-nested/a/b/.wh..wh..opq"),
        file("opaque-nested/.wh..wh..opq"),
      ),
    ],
    expected: {
      ...nested("opaque-innerplain/a/b/c/d"),
      "opaque-innerplain/regfile": "new",
      "opaque-innerplain/a/b/c/d/regfile": "new",
      "opaque-nested/": "",
    },
  },
  {
    title: "umoci: OverlayfsRootfs_OpaqueWhiteoutConvert",
    layers: [
      tar(file("autoconvert-opaquedir/before", "old")),
      tar(
        file(".wh.autoconvert-opaquedir"),
        file("autoconvert-opaquedir/foo/bar", "new"),
        file("autoconvert-opaquedir/abc/def", "new"),
      ),
    ],
    expected: {
      ...nested("autoconvert-opaquedir/foo"),
      ...nested("autoconvert-opaquedir/abc"),
      "autoconvert-opaquedir/foo/bar": "new",
      "autoconvert-opaquedir/abc/def": "new",
    },
  },
];
