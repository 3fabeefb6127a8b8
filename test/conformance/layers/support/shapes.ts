import { execFileSync } from "node:child_process";
import { readFileSync, realpathSync } from "node:fs";
import { debianRoot } from "../../../container/base-image.ts";
import { directory, file, hardLink, symlink, tar } from "../../../fixtures/tar.ts";
import { findProgram } from "../../../support/preconditions.ts";
import { type Random, randomFrom } from "../../../support/random.ts";

/** The layers of images as people have them, uncompressed, lowest first. */
export interface Shape {
  readonly name: string;
  readonly layers: () => Promise<readonly Buffer[]>;
  readonly gzip: boolean;
}

const MODULES = 1_000;
const FILES_OF_A_MODULE = 30;
const BIG_FILES = 10;
const BIG_FILE_BYTES = 50 * 2 ** 20;

/** Text that compresses about as well as code does. */
function text(random: Random, bytes: number): string {
  const words = [
    "const ",
    "return ",
    "module.exports",
    " = ",
    "function (",
    ");\n",
    "require",
    "// ",
    "{\n",
    "}\n",
  ] as const;
  let made = "";
  while (made.length < bytes) made += random.once(3) ? random.below(2 ** 30).toString(36) : random.pick(words);
  return made.slice(0, bytes);
}

/** What `npm install` leaves: many packages of many small files, and links to their commands. */
function modules(): Buffer {
  const random = randomFrom(30_000);
  const entries = [
    directory("./"),
    directory("app"),
    directory("app/node_modules"),
    directory("app/node_modules/.bin"),
  ];
  for (let index = 0; index < MODULES; index += 1) {
    const home = `app/node_modules/${index % 7 === 0 ? `@scope/` : ""}package-${index}`;
    if (index % 7 === 0) entries.push(directory("app/node_modules/@scope"));
    entries.push(directory(home), directory(`${home}/lib`));
    for (let at = 0; at < FILES_OF_A_MODULE; at += 1) {
      const mtime = 1_400_000_000 + random.below(100_000_000);
      entries.push(file(`${home}/lib/file-${at}.js`, text(random, 100 + random.below(1500)), { mtime }));
    }
    entries.push(symlink(`app/node_modules/.bin/command-${index}`, `../package-${index}/lib/file-0.js`));
  }
  return tar(...entries);
}

/** One program under three hundred names, half of them hard links. */
function busybox(): Buffer {
  const program = realpathSync(findProgram("busybox") ?? "busybox");
  const names = execFileSync(program, ["--list"], { encoding: "utf8" }).trim().split("\n");
  const links = names
    .filter((name) => name !== "busybox")
    .map((name, index) =>
      index % 2 === 0
        ? hardLink(`bin/${name}`, "bin/busybox", { mode: 0o4755 })
        : symlink(`bin/${name}`, "/bin/busybox"),
    );
  return tar(directory("./"), directory("bin"), file("bin/busybox", readFileSync(program), { mode: 0o4755 }), ...links);
}

/** Half a gigabyte in ten files that repeat nothing within any window. */
function big(): Buffer {
  const entries = [directory("./"), directory("models")];
  for (let index = 0; index < BIG_FILES; index += 1) {
    const content = Buffer.alloc(BIG_FILE_BYTES);
    for (let at = 0, value = index + 1; at < content.length; at += 4) {
      value = Math.imul(value, 1_664_525) + 1_013_904_223;
      content.writeInt32LE(value | 0, at);
    }
    entries.push(file(`models/weights-${index}.bin`, content));
  }
  return tar(...entries);
}

/** An update of the Debian root: configuration changed, documentation gone, a directory cleared. */
const update = (): Buffer =>
  tar(
    file("etc/hostname", "updated\n"),
    file("usr/share/.wh.zoneinfo"),
    file("etc/apt/.wh..wh..opq"),
    file("etc/apt/sources.list", "\n"),
    file("lib/added", "through a link of the root\n"),
    hardLink("usr/lib/linked", "lib/added"),
  );

export const SHAPES: readonly Shape[] = [
  {
    name: "a Debian root and an update of it",
    layers: async () => [readFileSync(await debianRoot()), update()],
    gzip: true,
  },
  { name: "busybox", layers: () => Promise.resolve([busybox()]), gzip: true },
  { name: "30,000 files of node_modules", layers: () => Promise.resolve([modules()]), gzip: true },
  { name: "a layer of 500 MB", layers: () => Promise.resolve([big()]), gzip: false },
];
