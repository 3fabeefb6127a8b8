import assert from "node:assert/strict";
import { lstatSync, statSync } from "node:fs";
import { base256, directory, entry, file, hardLink, symlink, tar } from "../../fixtures/tar.ts";
import { type LayerCase, nested } from "./cases.ts";
import { BREAKOUTS } from "./moby-breakouts.ts";

type Step = readonly [changes: readonly string[], expected: readonly string[]];

const entryOf = (path: string): Buffer => (path.endsWith("/") ? directory(path, { mode: 0o700 }) : file(path));
const treeOfPaths = (paths: readonly string[]): Record<string, string> =>
  Object.fromEntries(paths.map((path) => [path, ""]));

const BASE = [".baz", "bar/", "bar/bax", "bar/bay/", "baz", "foo/", "foo/.abc", "foo/.bcd/", "foo/.bcd/a"];
const FULL = [...BASE, "foo/cde/", "foo/cde/def", "foo/cde/efg", "foo/fgh", "foobar"];
/** One layer above the other: what each brings, and the whole tree after it. */
const STEPS: readonly Step[] = [
  [FULL, FULL],
  [
    [".bay", ".wh.baz", "foo/", "foo/.bce", "foo/.wh..wh..opq", "foo/cde/", "foo/cde/efg"],
    [".bay", ".baz", "bar/", "bar/bax", "bar/bay/", "foo/", "foo/.bce", "foo/cde/", "foo/cde/efg", "foobar"],
  ],
  [
    [".bay", ".wh..baz", ".wh.foobar", "foo/", "foo/.abc", "foo/.wh.cde", "bar/"],
    [".bay", "bar/", "bar/bax", "bar/bay/", "foo/", "foo/.abc", "foo/.bce"],
  ],
  [
    [".abc", ".wh..wh..opq", "foobar"],
    [".abc", "foobar"],
  ],
];

const one = (root: string, ...paths: readonly [string, string]): void => {
  const [first, second] = paths.map((path) => lstatSync(`${root}/${path}`));
  assert.deepEqual([first?.ino, first?.nlink], [second?.ino, 2], `${paths[0]} and ${paths[1]} are two files`);
};
const assertModes = (root: string, modes: Readonly<Record<string, number>>): void => {
  const found = Object.keys(modes).map((path) => [path, statSync(`${root}/${path}`).mode & 0o7777]);
  assert.deepEqual(Object.fromEntries(found), modes);
};

const MODES = {
  deeply: 0o755,
  "deeply/nested": 0o755,
  "deeply/nested/and": 0o755,
  explicit: 0o644,
  "explicit/permissions": 0o600,
  "explicit/permissions/specified": 0o400,
  "explicit/permissions/umask": 0o777,
  "explicit/permissions/umask/file": 0o666,
  "implied/dir-without-trailing-slash": 0o700,
};
const LONG = "root/.cpanm/home/1395823785.24209/Plack-1.0030/blib/man3";
const varRun = [directory("var"), symlink("var/run", "/run")];
const varRunTree = { "run/": "", "var/": "", "var/run": "-> /run" };

/**
 * What moby's tests of its archive package (go-archive: archive_test, archive_unix_test, archive_linux_test, diff_test, chrootarchive)
 * check of unpacking, under their names, as whole trees. Not here: what packs, copies or compresses, and what writes overlayfs's own whiteouts.
 */
export const MOBY_CASES: readonly LayerCase[] = [
  ...BREAKOUTS,
  ...STEPS.map(([, expected], index) => ({
    title: `moby: ApplyLayerWhiteouts, layer ${index + 1}`,
    layers: STEPS.slice(0, index + 1).map(([changes]) => tar(...changes.map(entryOf))),
    expected: treeOfPaths(expected),
  })),
  // moby refuses them only where it writes overlayfs's whiteouts; here always (A13).
  ...[".wh.", ".wh..", ".wh..."].map((name) => ({
    title: `moby: OverlayUntarInvalidWhiteoutNames ${name}`,
    layers: [tar(file("kept")), tar(file(name, "", { mode: 0o600 }))],
    expected: "LAYER_HOSTILE" as const,
  })),
  {
    title: "moby: ImpliedDirectoryPermissions",
    layers: [
      tar(
        file("deeply/nested/and/implied"),
        directory("explicit/", { mode: 0o644 }),
        directory("explicit/permissions/", { mode: 0o600 }),
        directory("explicit/permissions/specified/", { mode: 0o400 }),
        directory("explicit/permissions/umask/", { mode: 0o777 }),
        file("explicit/permissions/umask/file", "", { mode: 0o666 }),
        directory("implied/dir-without-trailing-slash", { mode: 0o700 }),
      ),
    ],
    expected: {
      ...nested("deeply/nested/and"),
      "deeply/nested/and/implied": "",
      ...nested("explicit/permissions/specified"),
      ...nested("explicit/permissions/umask"),
      "explicit/permissions/umask/file": "",
      ...nested("implied/dir-without-trailing-slash"),
    },
    check: (root) => assertModes(root, MODES),
  },
  {
    title: "moby: UnpackLayerCreatesImpliedDirectoriesThroughLowerLayerSymlink",
    layers: [
      tar(directory("usr/"), directory("usr/lib/"), symlink("lib", "usr/lib")),
      tar(file("lib/systemd/system/container.service", "content")),
    ],
    expected: {
      lib: "-> usr/lib",
      ...nested("usr/lib/systemd/system"),
      "usr/lib/systemd/system/container.service": "content",
    },
  },
  {
    title: "moby: UntarParentPathPermissions",
    layers: [tar(file("foo/bar"))],
    expected: { "foo/": "", "foo/bar": "" },
    check: (root) => assertModes(root, { foo: 0o755 }),
  },
  // Device nodes are skipped, so their numbers are never looked at (A26); moby refuses numbers beyond 32 bits.
  ...[2n ** 32n, -1n].map((number) => ({
    title: `moby: HandleTarTypeBlockCharFifoDeviceRange ${number}`,
    layers: [tar(entry("dev", { type: "4", devmajor: base256(number, 8) }), file("after"))],
    expected: { after: "" },
    warnings: [/device nodes and fifos, skipped/],
  })),
  ...([true, false] as const).map((there) => ({
    title: `moby: UntarThroughAbsoluteSymlink, ${there ? "existing" : "missing"} target`,
    layers: [
      tar(...varRun, ...(there ? [directory("run"), directory("run/existing")] : [])),
      tar(file("var/run/existing/non-existing/file", "content")),
    ],
    expected: {
      ...varRunTree,
      ...nested("run/existing/non-existing"),
      "run/existing/non-existing/file": "content",
    },
  })),
  {
    title: "moby: HardlinkSourceThroughAbsoluteSymlink",
    layers: [tar(...varRun), tar(file("var/run/source", "content"), hardLink("var/run/link", "var/run/source"))],
    expected: { ...varRunTree, "run/source": "content", "run/link": "content" },
    check: (root) => one(root, "run/source", "run/link"),
  },
  {
    title: "moby: UntarAbsoluteHardlink",
    layers: [
      tar(file("usr/bin/perlbug", "hello", { mode: 0o755 }), hardLink("usr/bin/perlthanks", "/usr/bin/perlbug")),
    ],
    expected: { ...nested("usr/bin"), "usr/bin/perlbug": "hello", "usr/bin/perlthanks": "hello" },
    check: (root) => one(root, "usr/bin/perlbug", "usr/bin/perlthanks"),
  },
  {
    title: "moby: UntarHardlinkToSymlink",
    layers: [tar(symlink("symlink1", "regfile"), hardLink("symlink2", "symlink1"), file("regfile", "after"))],
    expected: { symlink1: "-> regfile", symlink2: "-> regfile", regfile: "after" },
    check: (root) => one(root, "symlink1", "symlink2"),
  },
  ...["../usr/local/bin/tool", "/usr/local/bin/tool"].map((target) => ({
    title: `moby: CreateTarFileSymlinkPreservesLinkname ${target}`,
    layers: [tar(directory("bin"), symlink("bin/tool", target))],
    expected: { "bin/": "", "bin/tool": `-> ${target}` },
  })),
  {
    title: "moby: XGlobalNoParent",
    layers: [tar(entry("foo/bar", { type: "g" }))],
    expected: {},
    warnings: [/global extended headers, ignored/],
  },
  {
    title: "moby: UntarUstarGnuConflict",
    layers: [tar(file("Plack::Middleware.3pm", "1", { prefix: LONG, uid: base256(2_000_000n, 8) }))],
    expected: { ...nested(LONG), [`${LONG}/Plack::Middleware.3pm`]: "1" },
  },
  {
    title: "moby: PrefixHeaderReadable",
    layers: [tar(file("foo", "", { prefix: "a".repeat(97), uid: base256(2_097_152n, 8), magic: "ustar  \0" }))],
    expected: { ...nested("a".repeat(97)), [`${"a".repeat(97)}/foo`]: "" },
  },
  {
    title: "moby: ChrootApplyDotDotFile",
    layers: [tar(file("..gitme"))],
    expected: { "..gitme": "" },
  },
  { title: "moby: ChrootApplyEmptyArchiveFromSlowReader", layers: [tar()], expected: {} },
];
