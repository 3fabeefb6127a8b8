import { directory, file, tar } from "../../../test/fixtures/tar.ts";
import { type Random, randomFrom } from "../../../test/support/random.ts";

/** Layers of an image, uncompressed, lowest first. */
export type Layers = readonly Buffer[];

/** The layer that makes an image one of an app. */
const BOTTOM = tar(file("entrypoint", "#!/bin/sh\nexit 0\n", { mode: 0o755 }));
const MIB = 2 ** 20;

/** Bytes of which about so many in a hundred do not compress. */
function content(random: Random, bytes: number, noisy: number): Buffer {
  const made = Buffer.alloc(bytes, "the quick brown fox jumps over the lazy dog, ");
  for (let at = 0; at < bytes; at += 100) {
    for (let index = at; index < Math.min(bytes, at + noisy); index += 1) made[index] = random.below(256);
  }
  return made;
}

/** Many small files in directories of 30. */
function smallFiles(count: number, bytes: number, seed: number, noisy = 25): Buffer {
  const random = randomFrom(seed);
  const entries: Buffer[] = [directory("./"), directory(`files-${seed}`)];
  for (let index = 0; index < count; index += 1) {
    const folder = `files-${seed}/${Math.floor(index / 30)}`;
    if (index % 30 === 0) entries.push(directory(folder));
    entries.push(file(`${folder}/${index}.js`, content(random, 1 + random.below(2 * bytes), noisy)));
  }
  return tar(...entries);
}

function bigFiles(count: number, bytes: number, seed: number, noisy: number): Buffer {
  const random = randomFrom(seed);
  const files = Array.from({ length: count }, (_, index) =>
    file(`big-${seed}/${index}.bin`, content(random, bytes, noisy)),
  );
  return tar(directory("./"), directory(`big-${seed}`), ...files);
}

/** An app of many small files in six layers. */
const manyEntries = (scale: number): Layers => [
  BOTTOM,
  ...Array.from({ length: 6 }, (_, layer) => smallFiles(Math.round(7_000 * scale), 10_000, layer)),
];

const big = (count: number, mib: number, scale: number, seed: number, noisy = 60): Buffer =>
  bigFiles(count, Math.round(mib * MIB * scale), seed, noisy);

/** Every image that is measured with, by name. `scale` makes them smaller while a bench is worked on. */
export const IMAGES = {
  "files to apply": (scale) => [smallFiles(Math.round(30_000 * scale), 700, 7)],
  "bytes to apply": (scale) => [big(4, 50, scale, 8)],
  "small, 3 files": (scale) => [BOTTOM, big(2, 5, scale, 90)],
  "42,000 entries": manyEntries,
  /** The same with one more layer of 14 KB. */
  "42,000 entries, updated": (scale) => [
    ...manyEntries(scale),
    tar(file("files-0/0/0.js", content(randomFrom(1), 14_000, 60))),
  ],
  "20 big files": (scale) => [BOTTOM, big(20, 26, scale, 91)],
  "files to abort": (scale) => [smallFiles(Math.round(30_000 * scale), 700, 9)],
  nothing: () => [BOTTOM],
  gigabyte: (scale) => [BOTTOM, ...[2, 3, 4, 5].map((seed) => big(1, 256, scale, seed, 95))],
} satisfies Readonly<Record<string, (scale: number) => Layers>>;

export type ImageName = keyof typeof IMAGES;
