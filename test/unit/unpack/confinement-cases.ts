import { directory, file, hardLink, symlink, tar } from "../../fixtures/tar.ts";
import type { LayerCase } from "./cases.ts";
import { nested } from "./cases.ts";

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
/** `count` links, each to the one before; the first is to a directory. */
const chain = (count: number): Buffer[] =>
  range(count).map((index) => symlink(`l${index}`, index === 0 ? "real" : `l${index - 1}`));

export const CONFINEMENT_CASES: readonly LayerCase[] = [
  {
    title: "a relative link to a directory is written through and stays a link",
    layers: [tar(symlink("lib", "usr/lib"), directory("usr/lib")), tar(file("lib/x", "1"))],
    expected: { lib: "-> usr/lib", ...nested("usr/lib"), "usr/lib/x": "1" },
  },
  {
    title: "an absolute link is followed inside of the root",
    layers: [tar(symlink("lib", "/usr/lib"), directory("usr/lib")), tar(file("lib/x", "1"))],
    expected: { lib: "-> /usr/lib", ...nested("usr/lib"), "usr/lib/x": "1" },
  },
  {
    title: "an absolute link below a directory starts at the root, not at the directory",
    layers: [tar(symlink("d/lib", "/usr/lib"), file("d/lib/x", "1"))],
    expected: { "d/": "", "d/lib": "-> /usr/lib", ...nested("usr/lib"), "usr/lib/x": "1" },
  },
  {
    title: "the missing target of a dangling link is made inside of the root",
    layers: [tar(symlink("data", "/mnt/data")), tar(file("data/x", "1"))],
    expected: { data: "-> /mnt/data", ...nested("mnt/data"), "mnt/data/x": "1" },
  },
  {
    title: "a link that climbs above the root stops there",
    layers: [tar(symlink("up", "../../../../etc"), file("up/x", "1"))],
    expected: { up: "-> ../../../../etc", "etc/": "", "etc/x": "1" },
  },
  ...[true, false].map((twoLayers): LayerCase => {
    const where = twoLayers ? "in a later layer" : "in the same layer";
    const stack = (first: Buffer, second: Buffer): Buffer[] =>
      twoLayers ? [tar(first), tar(second)] : [tar(first, second)];
    return {
      title: `a directory that replaces a link ${where} leaves the link's target alone`,
      layers: (site) => stack(symlink("esc", site.victim), directory("esc", { mode: 0o777, uid: 1234, mtime: 5 })),
      expected: { "esc/": "" },
      ...(twoLayers ? {} : { warnings: [/^1 entries that replace/] }),
    };
  }),
  {
    title: "a link to the root is followed, then replaced by a directory",
    layers: [tar(symlink("foo", "/"), file("foo/tmp/x", "1"), directory("foo"), file("foo/tmp/x", "22"))],
    expected: { "foo/": "", "foo/tmp/": "", "foo/tmp/x": "22", "tmp/": "", "tmp/x": "1" },
    warnings: [/^1 entries that replace/],
  },
  ...["../victim/x", "/../victim/x", "a/../../victim/x"].map((name) => ({
    title: `the name ${name} stays inside of the root`,
    layers: [tar(file(name, "1"))],
    expected: { "victim/": "", "victim/x": "1" },
    warnings: [/^1 names that climb above the root/],
  })),
  ...["./", "/.", ".", "/"].map((name): LayerCase => ({
    title: `a link in the place of the root, named "${name}", is refused`,
    layers: (site) => [tar(symlink(name, site.victim))],
    expected: "LAYER_HOSTILE",
  })),
  ...["..", ""].map((name) => ({
    title: `a link named "${name}" is ignored and the rest is unpacked`,
    layers: [tar(symlink(name, "/etc"), file("x", "1"))],
    expected: { x: "1" },
    warnings: name === "" ? [/root by a detour/] : [/climb above/, /root by a detour/],
  })),
  {
    title: "a hard link that climbs above the root finds the file inside",
    layers: [tar(file("etc/passwd", "1"), hardLink("b", "../../etc/passwd"))],
    expected: { "etc/": "", "etc/passwd": "1", b: "1" },
  },
  ...(
    [
      ["by a relative path", () => [hardLink("b", "../victim/secret")]],
      ["by an absolute path", (victim: string) => [hardLink("b", `${victim}/secret`)]],
      ["through a link", (victim: string) => [symlink("esc", victim), hardLink("b", "esc/secret")]],
    ] as const
  ).map(([how, entries]): LayerCase => ({
    title: `a hard link to a file outside ${how} is refused`,
    layers: (site) => [tar(...entries(site.victim))],
    expected: "LAYER_CORRUPT",
  })),
  {
    title: "a path through links that form a circle is refused",
    layers: [tar(symlink("x", "y"), symlink("y", "x"), file("x/z"))],
    expected: "LAYER_HOSTILE",
  },
  {
    title: "a path through 300 links is refused",
    layers: [tar(directory("real"), ...chain(300), file("l299/x"))],
    expected: "LAYER_HOSTILE",
  },
  {
    title: "a link whose target never ends is refused",
    layers: [tar(symlink("a", `${"./b/../".repeat(12)}a`), directory("b"), file("a/x"))],
    expected: "LAYER_HOSTILE",
  },
  {
    title: "symbolic links are kept as they are written",
    layers: [tar(symlink("a", "../../../.."), symlink("b", "/nowhere//x/"), symlink("c", "\xff\xfe"))],
    expected: { a: "-> ../../../..", b: "-> /nowhere//x/", c: "-> \xff\xfe" },
  },
  {
    title: "a symbolic link without a target is refused",
    layers: [tar(symlink("a", ""))],
    expected: "LAYER_CORRUPT",
  },
  {
    title: "a symbolic link with a target of 5,000 bytes is refused",
    layers: [tar(symlink("a", "", { pax: { linkpath: "t".repeat(5000) } }))],
    expected: "LAYER_LIMIT",
  },
  {
    title: "a component of 256 bytes is refused",
    layers: [tar(file("x", "", { pax: { path: "n".repeat(256) } }))],
    expected: "LAYER_LIMIT",
  },
  {
    title: "a path of 256 levels is refused",
    layers: [tar(file("x", "", { pax: { path: "d/".repeat(256) } }))],
    expected: "LAYER_LIMIT",
  },
  {
    title: "a hard link to a symbolic link changes nothing at the end of the link",
    layers: (site) => [
      tar(symlink("s", `${site.victim}/secret`), hardLink("h", "s", { mode: 0o777, uid: 1, mtime: 7 })),
    ],
    expected: (site) => ({ s: `-> ${site.victim}/secret`, h: `-> ${site.victim}/secret` }),
  },
  {
    title: "a path through a link to a directory outside stays inside of the root",
    layers: (site) => [tar(symlink("esc", site.victim)), tar(file("esc/pwn", "1"))],
    expected: (site) => ({
      esc: `-> ${site.victim}`,
      ...nested(site.victim),
      [`${site.victim.slice(1)}/pwn`]: "1",
    }),
  },
  {
    title: "whiteouts below a link to a directory outside remove nothing there",
    layers: (site) => [
      tar(symlink("esc", site.victim)),
      tar(file("esc/.wh.secret"), file("esc/.wh..wh..opq"), file("../.wh.victim")),
    ],
    expected: (site) => ({ esc: `-> ${site.victim}` }),
    warnings: [/climb above/],
  },
  {
    title: "a path through 200 links is resolved",
    layers: [tar(directory("real"), ...chain(200), file("l199/x", "1"))],
    expected: () => ({
      "real/": "",
      "real/x": "1",
      ...Object.fromEntries(range(200).map((n) => [`l${n}`, n === 0 ? "-> real" : `-> l${n - 1}`])),
    }),
  },
];
