import { directory, file, symlink, tar } from "../../fixtures/tar.ts";
import type { LayerCase } from "./cases.ts";

/** A row of containerd's tables: its name there, layers, the whole tree (or the code of the error), and what else holds. */
export type Row = readonly [
  name: string,
  layers: readonly Buffer[],
  expected: LayerCase["expected"],
  check?: (root: string) => void,
];

/** What most rows begin with. */
export const inside = [directory("etc", { mode: 0o770 }), file("/etc/passwd", "inside")] as const;
export const insideTree = { "etc/": "", "etc/passwd": "inside" };
const users = [directory("/etc/"), file("/etc/passwd", "all users")] as const;
const usersTree = { "etc/": "", "etc/passwd": "all users" };

/** The rows about whiteouts. */
export const WHITEOUT_ROWS: readonly Row[] = [
  ...(
    [
      ["WhiteoutRootParent", ".wh..."],
      ["WhiteoutParent", "etc/.wh..."],
      ["WhiteoutRoot", ".wh.."],
      ["WhiteoutCurrentDirectory", "etc/.wh.."],
    ] as const
  ).map(([name, mark]): Row => [name, [tar(...inside), tar(file(mark))], "LAYER_HOSTILE"]),
  ["WhiteoutSymlink", [tar(...users, symlink("localetc", "/etc")), tar(file(".wh.localetc"))], usersTree],
  [
    "WhiteoutSymlinkPath",
    [
      tar(...users, file("/etc/whitedout", "ahhhh whiteout"), symlink("localetc", "/etc")),
      tar(file("localetc/.wh.whitedout")),
    ],
    { ...usersTree, localetc: "-> /etc" },
  ],
  [
    "WhiteoutDirectoryName",
    [tar(...users, symlink("localetc", "/etc")), tar(file(".wh.etc/somefile", "non-empty"))],
    { ...usersTree, localetc: "-> /etc", ".wh.etc/": "", ".wh.etc/somefile": "non-empty" },
  ],
  [
    "WhiteoutDeadSymlinkParent",
    [tar(...users, symlink("localetc", "/dne")), tar(file("localetc/.wh.etc"))],
    { ...usersTree, localetc: "-> /dne" },
  ],
  [
    "WhiteoutRelativePath",
    [tar(...users, symlink("localetc", "/dne")), tar(file("dne/../.wh.etc"))],
    { localetc: "-> /dne" },
  ],
];
