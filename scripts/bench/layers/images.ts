import { directory, file, tar } from "../../../test/fixtures/tar.ts";
import { type Random, randomFrom } from "../../../test/support/random.ts";

/** Layers of an image, uncompressed, lowest first. */
export interface BenchImage {
  readonly name: string;
  readonly layers: readonly Buffer[];
}

/** The layer that makes an image one of an app. */
export const BOTTOM = tar(file("entrypoint", "#!/bin/sh\nexit 0\n", { mode: 0o755 }));
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
export function smallFiles(count: number, bytes: number, seed: number, noisy = 25): Buffer {
  const random = randomFrom(seed);
  const entries: Buffer[] = [directory("./"), directory(`files-${seed}`)];
  for (let index = 0; index < count; index += 1) {
    const folder = `files-${seed}/${Math.floor(index / 30)}`;
    if (index % 30 === 0) entries.push(directory(folder));
    entries.push(file(`${folder}/${index}.js`, content(random, 1 + random.below(2 * bytes), noisy)));
  }
  return tar(...entries);
}

export function bigFiles(count: number, bytes: number, seed: number, noisy: number): Buffer {
  const random = randomFrom(seed);
  const files = Array.from({ length: count }, (_, index) =>
    file(`big-${seed}/${index}.bin`, content(random, bytes, noisy)),
  );
  return tar(directory("./"), directory(`big-${seed}`), ...files);
}

/** The three shapes that pulls are measured with. `scale` makes them smaller while a bench is worked on. */
export function shapes(scale: number): readonly [BenchImage, BenchImage, BenchImage] {
  const many = Array.from({ length: 6 }, (_, layer) => smallFiles(Math.round(7_000 * scale), 10_000, layer));
  return [
    { name: "small, 3 files", layers: [BOTTOM, bigFiles(2, Math.round(5 * MIB * scale), 90, 60)] },
    { name: "42,000 entries", layers: [BOTTOM, ...many] },
    { name: "20 big files", layers: [BOTTOM, bigFiles(20, Math.round(26 * MIB * scale), 91, 60)] },
  ];
}

/** The image with one more layer of 14 KB. */
export const updated = ({ name, layers }: BenchImage): BenchImage => ({
  name: `${name}, updated`,
  layers: [...layers, tar(file("files-0/0/0.js", content(randomFrom(1), 14_000, 60)))],
});
