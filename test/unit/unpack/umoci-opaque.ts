import { directory, entry, file, symlink, tar } from "../../fixtures/tar.ts";
import type { LayerCase } from "./cases.ts";

type Kind = "file" | "dir" | "fifo" | `-> ${string}`;
/** One entry, the layer that brings it, and whether it is there in the end. */
type Row = readonly [path: string, kind: Kind, layer: "lower" | "upper", survives: boolean];

const SHADOW = "../../../../../../../../../../../../etc/shadow";

const ONE_LEVEL: readonly Row[] = [
  ["file", "file", "lower", false],
  ["link", "-> ..", "upper", true],
  ["badlink", "-> ./nothing", "upper", true],
  ["fifo", "fifo", "lower", false],
];
const TWO_LEVELS: readonly Row[] = [
  ["file", "file", "upper", true],
  ["link", "-> ..", "lower", false],
  ["badlink", "-> ./nothing", "lower", false],
  ["dir", "dir", "upper", true],
  ["dir/file", "file", "upper", true],
  ["dir/link", "-> ../badlink", "lower", false],
  ["dir/verybadlink", `-> ${SHADOW}`, "upper", true],
  ["dir/verybadlink2", `-> /${SHADOW}`, "lower", false],
];
const MULTI_LEVEL: readonly Row[] = [
  ["level1_file", "file", "upper", true],
  ["level1_link", "-> ..", "lower", false],
  ["level1a", "dir", "upper", true],
  ["level1a/level2_file", "file", "lower", false],
  ["level1a/level2_link", "-> ../../../", "upper", true],
  ["level1a/level2a", "dir", "lower", false],
  ["level1a/level2a/level3_fileA", "file", "lower", false],
  ["level1a/level2a/level3_fileB", "file", "lower", false],
  ["level1a/level2b", "dir", "upper", true],
  ["level1a/level2b/level3_fileA", "file", "upper", true],
  ["level1a/level2b/level3_fileB", "file", "lower", false],
  ["level1a/level2b/level3", "dir", "lower", false],
  ["level1a/level2b/level3/level4", "dir", "lower", false],
  ["level1b", "dir", "lower", false],
  ["level1b/level2_fileA", "file", "lower", false],
  ["level1b/level2_fileB", "file", "lower", false],
  ["level1b/level2", "dir", "lower", false],
  ["level1b/level2/level3_file", "file", "lower", false],
];
const inLower = (rows: readonly Row[]): Row[] => rows.map(([path, kind]) => [path, kind, "lower", false]);

const TABLE: Readonly<Record<string, readonly Row[]>> = {
  EmptyDir: [],
  OneLevel: ONE_LEVEL,
  OneLevelNoUpper: inLower(ONE_LEVEL),
  TwoLevel: TWO_LEVELS,
  TwoLevelNoUpper: inLower(TWO_LEVELS),
  MultiLevel: MULTI_LEVEL,
  MultiLevelNoUpper: inLower(MULTI_LEVEL),
  // Directories that the upper layer only passes through stay.
  MissingUpperAncestor: [
    ["some", "dir", "lower", true],
    ["some/dir", "dir", "lower", true],
    ["some/dir/somewhere", "file", "upper", true],
    ["another", "dir", "lower", false],
    ["another/dir", "dir", "lower", false],
    ["another/dir/somewhere", "file", "lower", false],
  ],
  // Whiteouts reach lower layers only, before and after what the layer itself brings (A16).
  UpperWhiteout: [
    [".wh.fileB", "file", "upper", false],
    ["fileA", "file", "upper", true],
    ["fileB", "file", "upper", true],
    ["fileC", "file", "lower", false],
    [".wh.fileA", "file", "upper", false],
    [".wh.fileC", "file", "upper", false],
  ],
  UpperDirWhiteout: [
    [".wh.dir2", "file", "upper", false],
    ["file", "file", "lower", false],
    ["dir1", "dir", "upper", true],
    ["dir1/file", "file", "upper", true],
    ["dir1/link", "-> ../badlink", "lower", false],
    ["dir1/verybadlink", `-> ${SHADOW}`, "upper", true],
    ["dir1/verybadlink2", `-> /${SHADOW}`, "lower", false],
    [".wh.dir1", "file", "upper", false],
    ["dir2", "dir", "upper", true],
    ["dir2/file", "file", "upper", true],
    ["dir2/link", "-> ../badlink", "lower", false],
  ],
};

const entryOf = ([path, kind]: Row): Buffer => {
  const name = `test-subdir/${path}`;
  if (kind === "dir") return directory(name);
  if (kind === "fifo") return entry(name, { type: "6" });
  return kind === "file" ? file(name) : symlink(name, kind.slice(3));
};
const opaque = file("test-subdir/.wh..wh..opq");

/** TestUnpackOpaqueWhiteout: each row with the opaque whiteout at the end of the upper layer, as there, and at its beginning. */
export const OPAQUE_CASES: readonly LayerCase[] = Object.entries(TABLE).flatMap(([name, rows]) => {
  const of = (layer: string): Buffer[] => rows.filter((row) => row[2] === layer).map(entryOf);
  const survivors = rows.filter((row) => row[3]);
  const tree = Object.fromEntries(
    survivors.map(([path, kind]) => [
      `test-subdir/${path}${kind === "dir" ? "/" : ""}`,
      kind.startsWith("-> ") ? kind : "",
    ]),
  );
  return (["last", "first"] as const).map((where) => ({
    title: `umoci: UnpackOpaqueWhiteout ${name}, the whiteout comes ${where}`,
    layers: [
      tar(directory("test-subdir"), ...of("lower")),
      where === "last" ? tar(...of("upper"), opaque) : tar(opaque, ...of("upper")),
    ],
    expected: { "test-subdir/": "", ...tree },
    // Fifos are skipped (A26).
    ...(rows.some(([, kind]) => kind === "fifo") && { warnings: [/device nodes and fifos, skipped/] }),
  }));
});
