import { directory, file, hardLink, symlink, tar } from "../../fixtures/tar.ts";
import { type LayerCase, nested } from "./cases.ts";

type Tree = Readonly<Record<string, string>>;
/** Name in moby's tests, entries, the whole tree besides the empty directory that every row begins with, warnings. */
type Row = readonly [
  name: string,
  entries: readonly Buffer[],
  expected: Tree | "LAYER_CORRUPT" | "LAYER_HOSTILE",
  warnings?: readonly RegExp[],
];

const CLIMBS = [/names that climb above the root/];
const REPLACES = [/replace an earlier one/];

/** Every row aims at `victim`, beside the root. A directory of that name is inside as well, as in moby's helper. */
const ROWS: readonly Row[] = [
  // moby refuses names that climb; here they stay inside, as with containerd and umoci (A1).
  ...["../victim/dotdot", "/../victim/slash-dotdot"].map((name): Row => [
    `InvalidFilenames ${name}`,
    [file(name)],
    { [name.replace(/^\/?\.\.\//, "")]: "" },
    CLIMBS,
  ]),
  ...["../pwned", "../../pwned"].map((name): Row => [
    `ParentTraversalContained ${name}`,
    [file(name, "bad")],
    { pwned: "bad" },
    CLIMBS,
  ]),
  // What names the root itself and is no directory is ignored (A6).
  ["ParentTraversalContained ..", [file("..", "bad")], {}, [...CLIMBS, /root by a detour/]],
  ["SiblingPrefixContained", [hardLink("grab", "../root-evil/secret")], "LAYER_CORRUPT"],

  // A hard link to what is not there, or to a directory, is refused whatever it aims at (A22).
  ...["../victim/secret", "/../victim/secret"].map((target): Row => [
    `InvalidHardlink ${target}`,
    [hardLink("dotdot", target)],
    "LAYER_CORRUPT",
  ]),
  ...(
    [
      ["then a file", [file("loophole-victim/file")]],
      ["then a symlink", [symlink("symlink", "loophole-victim/secret")]],
      ["then a hard link", [hardLink("hardlink", "loophole-victim/secret")]],
      ["then its replacement", [file("loophole-victim")]],
    ] as const
  ).map(([what, then]): Row => [
    `InvalidHardlink to a directory, ${what}`,
    [hardLink("loophole-victim", "../victim"), ...then],
    "LAYER_HOSTILE",
  ]),

  // Links are kept as they are written, wherever they point (A24), and followed inside of the root only (A4): moby refuses to.
  ...["../victim/secret", "/../victim/secret"].map((target): Row => [
    `InvalidSymlink ${target}`,
    [symlink("dotdot", target)],
    { dotdot: `-> ${target}` },
  ]),
  [
    "InvalidSymlink, then a file below it",
    [symlink("loophole-victim", "../victim"), file("loophole-victim/file", "1")],
    { "loophole-victim": "-> ../victim", "victim/file": "1" },
  ],
  [
    "InvalidSymlink, then a symlink through it",
    [symlink("loophole-victim", "../victim"), symlink("symlink", "loophole-victim/secret")],
    { "loophole-victim": "-> ../victim", symlink: "-> loophole-victim/secret" },
  ],
  [
    "InvalidSymlink, then a hard link through it",
    [symlink("loophole-victim", "../victim"), hardLink("hardlink", "loophole-victim/secret")],
    "LAYER_CORRUPT",
  ],
  [
    "InvalidSymlink, then its replacement",
    [symlink("loophole-victim", "../victim"), file("loophole-victim", "1")],
    { "loophole-victim": "1" },
    REPLACES,
  ],
  [
    "InvalidSymlink in the middle of a path",
    [directory("dir"), symlink("dir/loophole", "../../victim"), file("dir/loophole/newdir/newfile", "1")],
    { "dir/": "", "dir/loophole": "-> ../../victim", ...nested("victim/newdir"), "victim/newdir/newfile": "1" },
  ],
  [
    "SymlinkBreakout in two hops",
    [
      directory("inner"),
      symlink("inner/go_up", ".."),
      symlink("inner/go_up/escape", "../victim"),
      file("inner/go_up/escape/newfile", "1"),
    ],
    { "inner/": "", "inner/go_up": "-> ..", escape: "-> ../victim", "victim/newfile": "1" },
  ],
  [
    "UnpackRejectsRelativeEscapeBeforeAbsoluteSymlink",
    [directory("target"), symlink("escape", ".."), symlink("absolute", "/target"), file("escape/absolute/file", "1")],
    { "target/": "", escape: "-> ..", absolute: "-> /target", "target/file": "1" },
  ],
];

/** Each row once in the layer of the directory (moby's Untar) and once in a later one (its ApplyLayer). */
export const BREAKOUTS: readonly LayerCase[] = ROWS.flatMap(([name, entries, expected, warnings]) =>
  (["Untar", "ApplyLayer"] as const).map((how) => ({
    title: `moby: ${how} ${name}`,
    layers: how === "Untar" ? [tar(directory("victim"), ...entries)] : [tar(directory("victim")), tar(...entries)],
    expected: typeof expected === "string" ? expected : { "victim/": "", ...expected },
    ...(warnings && { warnings }),
  })),
);
