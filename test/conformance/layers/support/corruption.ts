import { directory, entry, file, hardLink, symlink, tar } from "../../../fixtures/tar.ts";

interface Archive {
  readonly name: string;
  readonly tar: Buffer;
}

const looks = { uid: 1000, gid: 2000, mtime: 77 };

/** What lies below every damaged layer. */
export const LOWER = tar(
  directory("./", looks),
  directory("d", looks),
  file("d/old", "old", looks),
  file("d/kept", "kept", looks),
  symlink("link", "d", looks),
  file("gone", "gone", looks),
);

const plain = [
  directory("d", { ...looks, mode: 0o750 }),
  file("d/new", "new content", looks),
  hardLink("d/hard", "d/new", looks),
  symlink("sym", "d/kept", looks),
  file(".wh.gone"),
  file("big", Buffer.alloc(3_000, "content "), looks),
];

/** Archives of the three kinds, whose parts that no checksum covers are not only contents. */
export const UPPERS: readonly [Archive, ...Archive[]] = [
  { name: "a plain archive", tar: tar(...plain) },
  {
    name: "an archive with extended headers",
    tar: tar(
      ...plain,
      file("short", "1", { ...looks, pax: { path: "d/in an extended header", mtime: "12.5", uid: "3000" } }),
      symlink("short-link", "x", { ...looks, pax: { linkpath: "d/a target in an extended header" } }),
      file("d/last", "2", { ...looks, pax: { comment: "nobody reads this", path: "d/last of all" } }),
    ),
  },
  {
    name: "an archive with GNU's long names",
    tar: tar(
      ...plain,
      entry("././@LongLink", { type: "L", data: `d/${"long".repeat(40)}\0`, magic: "ustar  \0" }),
      file("cut", "3", { ...looks, magic: "ustar  \0" }),
      file("d/last", "4", looks),
    ),
  },
];
