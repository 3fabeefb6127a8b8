import { base256, directory, END, entry, file, hardLink, paxRecords, symlink, tar } from "../../fixtures/tar.ts";
import type { LayerCase } from "./cases.ts";

const GNU = "ustar  \0";
const long = `${"n".repeat(150)}/${"m".repeat(149)}`;
const longTree = (content: string) => ({ [`${"n".repeat(150)}/`]: "", [long]: content });

const ACCEPTED: readonly (readonly [title: string, layer: Buffer, expected: Record<string, string>])[] = [
  ["a name of 300 bytes in an extended header", tar(file("short", "1", { pax: { path: long } })), longTree("1")],
  [
    "long names in the way of GNU, which win over an extended header",
    tar(
      entry("L", { type: "L", data: `${long}\0` }),
      entry("K", { type: "K", data: "there\0" }),
      symlink("s", "t", { pax: { path: "p" } }),
    ),
    longTree("-> there"),
  ],
  ["the prefix of ustar", tar(file("x", "1", { prefix: "a/b" })), { "a/": "", "a/b/": "", "a/b/x": "1" }],
  [
    "times in the place of the prefix (GNU)",
    tar(file("x", "1", { magic: GNU, prefix: "00000000001 00000000002 " })),
    { x: "1" },
  ],
  [
    "a prefix in the place of times, as Go 1.7 wrote",
    tar(file("x", "1", { magic: GNU, prefix: "dir/sub" })),
    { "dir/": "", "dir/sub/": "", "dir/sub/x": "1" },
  ],
  [
    "headers of Unix version 7",
    tar(file("x", "1", { magic: "\0".repeat(8) }), entry("d/", { type: "\0", magic: "\0".repeat(8) })),
    { x: "1", "d/": "" },
  ],
  ["the type NUL as a file", tar(entry("x", { type: "\0", data: "1" })), { x: "1" }],
  ["a file whose name ends in a slash", tar(file("dd/", "1")), { dd: "1" }],
  [
    "a size in an extended header",
    tar(entry("x", { data: "abc", size: 0, pax: { size: "3" } }), file("y")),
    { x: "abc", y: "" },
  ],
  [
    "a size in an extended header with a plus sign and many zeros",
    tar(entry("x", { data: "abc", size: 0, pax: { size: `+${"0".repeat(30)}3` } }), file("y")),
    { x: "abc", y: "" },
  ],
  [
    "a size in an extended header before a GNU long name, which it does not change",
    tar(
      entry("pax", { type: "x", data: paxRecords({ size: "3" }) }),
      entry("L", { type: "L", data: "long\0" }),
      entry("x", { data: "abc", size: 0 }),
    ),
    { long: "abc" },
  ],
  [
    "links and directories that state a size without data",
    tar(
      directory("d", { size: 512 }),
      symlink("s", "d", { size: 512 }),
      file("f", "1"),
      hardLink("h", "f", { size: 512 }),
      file("g", "2"),
    ),
    { "d/": "", s: "-> d", f: "1", h: "1", g: "2" },
  ],
  [
    "names that differ in bytes that are no UTF-8",
    tar(file("a\xff", "1"), file("a\xfe", "2")),
    { "a\xff": "1", "a\xfe": "2" },
  ],
  ["names with backslashes and line breaks", tar(file("a\\b\nc", "1")), { "a\\b\nc": "1" }],
  ["an empty record, which takes the value back", tar(file("x", "1", { pax: { path: "" } })), { x: "1" }],
  ["a checksum of signed bytes", tar(file("\xff", "1", { signed: true })), { "\xff": "1" }],
  ["a layer of no bytes", Buffer.alloc(0), {}],
  ["an archive without entries", END, {}],
  ["10 KiB of zeros", Buffer.alloc(10_240), {}],
  [
    "a second archive after the end, which is not unpacked",
    Buffer.concat([tar(file("a", "1")), tar(file("b", "2"))]),
    { a: "1" },
  ],
  ["1 KiB of garbage after the end", Buffer.concat([tar(file("a", "1")), Buffer.alloc(1024, "g")]), { a: "1" }],
  ["an archive that ends after a file, without end mark", file("a", "1"), { a: "1" }],
  ["an archive that ends after a directory, without end mark", directory("d"), { "d/": "" }],
  ["an archive that ends after a link, without end mark", symlink("s", "t"), { s: "-> t" }],
  ["a single block of zeros at the end", Buffer.concat([file("a"), Buffer.alloc(512)]), { a: "" }],
];

const raw = (body: string): Buffer => tar(entry("pax", { type: "x", data: body }), file("f"));

const REFUSED: readonly (readonly [title: string, layer: Buffer, code: LayerCase["expected"] & string])[] = [
  ["a negative size", tar(entry("x", { size: base256(-1n, 12) })), "LAYER_CORRUPT"],
  ["a negative size in an extended header", tar(file("x", "", { pax: { size: "-1" } })), "LAYER_CORRUPT"],
  ["a size that is no octal number", tar(entry("x", { size: "12garbage89\0" })), "LAYER_CORRUPT"],
  ["a size of 2^60", tar(entry("x", { size: base256(2n ** 60n, 12) })), "LAYER_CORRUPT"],
  ["a device number that is none", tar(file("x", "", { devmajor: "garbage" })), "LAYER_CORRUPT"],
  ["a wrong checksum", tar(file("x", "", { checksum: 1 })), "LAYER_CORRUPT"],
  ["a record that is longer than its header", raw("999 path=x\n"), "LAYER_CORRUPT"],
  ["a time of access that is none", tar(file("x", "", { pax: { atime: "noon" } })), "LAYER_CORRUPT"],
  ["a time of change that is none", tar(file("x", "", { pax: { ctime: "1.2.3" } })), "LAYER_CORRUPT"],
  ["a record without keyword", raw("9 nothing\n"), "LAYER_CORRUPT"],
  ["a record without line end", raw("9 path=ab"), "LAYER_CORRUPT"],
  ["a NUL in a name", tar(file("x", "", { pax: { path: "a\0b" } })), "LAYER_CORRUPT"],
  ["an extended header of 2 MiB", tar(entry("pax", { type: "x", data: Buffer.alloc(2 ** 21) })), "LAYER_LIMIT"],
  ["data after a single block of zeros", Buffer.concat([Buffer.alloc(512), tar(file("x"))]), "LAYER_CORRUPT"],
  ["an extended header at the end", entry("pax", { type: "x", data: paxRecords({ path: "a" }) }), "LAYER_CORRUPT"],
  ["an archive cut within a header", tar(file("x")).subarray(0, 300), "LAYER_CORRUPT"],
  ["an archive cut within a file", tar(file("x", "content")).subarray(0, 515), "LAYER_CORRUPT"],
  ["a sparse file of GNU", tar(entry("x", { type: "S", magic: GNU })), "LAYER_UNSUPPORTED"],
  [
    "a sparse file in an extended header",
    tar(file("GNUSparseFile.0/x", "", { pax: { "GNU.sparse.major": "1" } })),
    "LAYER_UNSUPPORTED",
  ],
  ..."7ZDVMNs".split("").map((type) => [`the type ${type}`, tar(entry("x", { type })), "LAYER_UNSUPPORTED"] as const),
];

export const FORMAT_CASES: readonly LayerCase[] = [
  ...ACCEPTED.map(([title, layer, expected]) => ({ title: `accepts ${title}`, layers: [layer], expected })),
  ...REFUSED.map(([title, layer, expected]) => ({ title: `refuses ${title}`, layers: [layer], expected })),
  {
    title: "a global extended header changes no entry",
    layers: [
      tar(entry("g", { type: "g", data: paxRecords({ path: "evil" }) }), file("x", "1", { pax: { mtime: "1" } })),
    ],
    expected: { x: "1" },
    warnings: [/^1 global extended headers/],
  },
  {
    title: "a global extended header voids the extended header before it, as in Go",
    layers: [
      tar(
        entry("pax", { type: "x", data: paxRecords({ path: "other" }) }),
        entry("g", { type: "g", data: paxRecords({ mtime: "1" }) }),
        file("x", "1"),
      ),
    ],
    expected: { x: "1" },
    warnings: [/^1 global extended headers/],
  },
];
