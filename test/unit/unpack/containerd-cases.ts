import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { directory, file, hardLink, symlink, tar } from "../../fixtures/tar.ts";
import { type LayerCase, nested } from "./cases.ts";
import { inside, insideTree, type Row, WHITEOUT_ROWS } from "./containerd-whiteouts.ts";

/** Two paths that have to be one file in the end, links in the last component followed inside of the root. */
const same =
  (...paths: readonly [string, string]) =>
  (root: string): void => {
    const [one, other] = paths.map((path) => statSync(`${root}/${path}`).ino);
    assert.equal(one, other, `${paths[0]} and ${paths[1]} are two files`);
  };
const different = (root: string): void => {
  assert.notEqual(statSync(`${root}/localetc/localpasswd`).ino, statSync(`${root}/etc/passwd`).ino);
};

const unbroken = file("/localetc/unbroken", "unbroken");
const unbrokenTree = { "etc/": "", "etc/unbroken": "unbroken" };
const passwd = (name: string): Buffer => hardLink(name, "/etc/passwd");

/**
 * What containerd's tests of its archive package (TestBreakouts, TestApplyTar) check, row by row under their names, as whole trees.
 * What a row begins with is the first layer.
 */
const ROWS: readonly Row[] = [
  [
    "SymlinkAbsolute",
    [tar(directory("etc"), symlink("localetc", "/etc"), unbroken)],
    { ...unbrokenTree, localetc: "-> /etc" },
  ],
  [
    "SymlinkUpAndOut",
    [tar(directory("etc"), directory("dummy"), symlink("localetc", "/dummy/../etc"), unbroken)],
    { ...unbrokenTree, "dummy/": "", localetc: "-> /dummy/../etc" },
  ],
  ...(["/dummy/etc", "./dummy/etc"] as const).map((target, index): Row => [
    index === 0 ? "SymlinkMultipleAbsolute" : "SymlinkMultipleRelative",
    [
      tar(
        directory("etc"),
        directory("dummy"),
        symlink("/dummy/etc", "/etc"),
        symlink("localetc", target),
        file("/dummy/etc/unbroken", "unbroken"),
      ),
    ],
    { ...unbrokenTree, "dummy/": "", "dummy/etc": "-> /etc", localetc: `-> ${target}` },
  ]),
  [
    "HardlinkRelative",
    [
      tar(
        ...inside,
        directory("breakouts"),
        symlink("breakouts/d1", "../../etc"),
        hardLink("breakouts/mypasswd", "/breakouts/d1/passwd"),
      ),
    ],
    { ...insideTree, "breakouts/": "", "breakouts/d1": "-> ../../etc", "breakouts/mypasswd": "inside" },
    same("breakouts/mypasswd", "etc/passwd"),
  ],
  [
    "HardlinkDownAndOut",
    [
      tar(
        ...inside,
        directory("breakouts"),
        directory("downandout"),
        symlink("breakouts/d1", "../downandout/../../etc"),
        hardLink("breakouts/mypasswd", "/breakouts/d1/passwd"),
      ),
    ],
    {
      ...insideTree,
      "breakouts/": "",
      "breakouts/d1": "-> ../downandout/../../etc",
      "breakouts/mypasswd": "inside",
      "downandout/": "",
    },
    same("breakouts/mypasswd", "etc/passwd"),
  ],
  ...(
    [
      ["HardlinkAbsolute", "/etc"],
      ["HardlinkRelativeLong", "../../../../../../../etc"],
      ["HardlinkRelativeUpAndOut", "upandout/../../../etc"],
    ] as const
  ).map(([name, target]): Row => [
    name,
    [
      tar(
        ...inside,
        // containerd cleans a path before it looks: what it need not pass through has to be there for us.
        ...(target.startsWith("upandout") ? [directory("upandout")] : []),
        symlink("localetc", target),
        hardLink("localpasswd", "/localetc/passwd"),
      ),
    ],
    {
      ...insideTree,
      ...(target.startsWith("upandout") ? { "upandout/": "" } : {}),
      localetc: `-> ${target}`,
      localpasswd: "inside",
    },
    same("localpasswd", "etc/passwd"),
  ]),
  ...(
    [
      ["HardlinkDirectRelative", [hardLink("localpasswd", "../../../../../etc/passwd")]],
      ["HardlinkDirectAbsolute", [passwd("localpasswd")]],
    ] as const
  ).map(([name, entries]): Row => [
    name,
    [tar(...inside, ...entries)],
    { ...insideTree, localpasswd: "inside" },
    same("localpasswd", "etc/passwd"),
  ]),
  [
    "SymlinkParentRelative",
    [tar(...inside, symlink("localetc/sub/..", "/etc/"), passwd("/localetc/localpasswd"))],
    { ...insideTree, localetc: "-> /etc/", "etc/localpasswd": "inside" },
    same("etc/localpasswd", "etc/passwd"),
  ],
  [
    "SymlinkSlashEnded",
    [tar(...inside, directory("localetc/"), passwd("/localetc/localpasswd"))],
    { ...insideTree, "localetc/": "", "localetc/localpasswd": "inside" },
    same("localetc/localpasswd", "etc/passwd"),
  ],
  ...(["/etc", "../../etc"] as const).map((target, index): Row => [
    index === 0 ? "SymlinkOverrideDirectory" : "SymlinkOverrideDirectoryRelative",
    [tar(...inside, directory("localetc")), tar(symlink("localetc", target), passwd("/localetc/localpasswd"))],
    { ...insideTree, localetc: `-> ${target}`, "etc/localpasswd": "inside" },
    same("etc/localpasswd", "etc/passwd"),
  ]),
  [
    "DirectoryOverrideSymlink",
    [tar(...inside, symlink("localetc", "/etc")), tar(directory("/localetc/"), passwd("/localetc/localpasswd"))],
    { ...insideTree, "localetc/": "", "localetc/localpasswd": "inside" },
    same("localetc/localpasswd", "etc/passwd"),
  ],
  [
    "DirectoryOverrideSymlinkAndHardlink",
    [
      tar(...inside, symlink("localetc", "etc"), passwd("/localetc/localpasswd")),
      tar(directory("/localetc/"), file("/localetc/localpasswd", "different")),
    ],
    { ...insideTree, "etc/localpasswd": "inside", "localetc/": "", "localetc/localpasswd": "different" },
    different,
  ],
  ...WHITEOUT_ROWS,
  [
    "HardlinkSymlinkBeforeCreateTarget",
    [
      tar(
        directory("etc"),
        symlink("localpasswd", "/etc/passwd"),
        hardLink("localpasswd-dup", "localpasswd"),
        file("/etc/passwd", "after"),
      ),
    ],
    { "etc/": "", "etc/passwd": "after", localpasswd: "-> /etc/passwd", "localpasswd-dup": "-> /etc/passwd" },
  ],
  ...(["../../../../../etc/passwd", "/etc/passwd"] as const).map((target, index): Row => [
    index === 0 ? "HardlinkSymlinkRelative" : "HardlinkSymlinkAbsolute",
    [tar(...inside, symlink("passwdlink", target), hardLink("localpasswd", "/passwdlink"))],
    { ...insideTree, passwdlink: `-> ${target}`, localpasswd: `-> ${target}` },
  ]),
  [
    "DirectoryCreation",
    [
      tar(directory("/etc/")),
      tar(
        directory("/etc/subdir"),
        directory("/etc/subdir2/"),
        directory("/etc/subdir2/more"),
        directory("/other/noparent-1/1"),
        directory("/other/noparent-2/2/"),
      ),
    ],
    {
      "etc/subdir/": "",
      ...nested("etc/subdir2/more"),
      ...nested("other/noparent-1/1"),
      ...nested("other/noparent-2/2"),
    },
  ],
];

/** Rows that come with a warning. */
const IGNORED: readonly LayerCase[] = [
  ["SymlinkParentDirectory", ".."],
  ["SymlinkEmptyFilename", ""],
].map(([name, written]) => ({
  title: `containerd: ${name}`,
  layers: [tar(...inside, symlink(written ?? "", "/etc/"), passwd("localpasswd"))],
  expected: { ...insideTree, localpasswd: "inside" },
  warnings: written === "" ? [/detour/] : [/climb|detour/, /climb|detour/],
  check: same("localpasswd", "etc/passwd"),
}));

export const CONTAINERD_CASES: readonly LayerCase[] = [
  ...ROWS.map(([name, layers, expected, check]) => ({
    title: `containerd: ${name}`,
    layers,
    expected,
    ...(check && { check }),
  })),
  ...IGNORED,
  {
    title: "containerd: SymlinkEmptyFile",
    layers: [
      tar(directory("etc"), file("etc/emptied", "notempty"), symlink("localetc", "/etc"), file("/localetc/emptied")),
    ],
    expected: { "etc/": "", "etc/emptied": "", localetc: "-> /etc" },
    warnings: [/replace an earlier one/],
  },
  {
    title: "containerd: HardlinkSymlinkChmod",
    layers: ({ victim }) => [
      tar(symlink("outside", `${victim}/secret`), hardLink("sketchylink", "outside", { mode: 0o777 })),
    ],
    expected: ({ victim }) => ({ outside: `-> ${victim}/secret`, sketchylink: `-> ${victim}/secret` }),
  },
];
