import { gzipSync, zstdCompressSync } from "node:zlib";
import { write } from "../../../conformance/layers/support/entries.ts";
import { EVERYTHING, randomStack } from "../../../conformance/layers/support/generate.ts";
import { directory, file, hardLink, symlink, tar } from "../../../fixtures/tar.ts";
import type { Random } from "../../../support/random.ts";

const BLOCK = 512;
const CHECKSUM_AT = 148;
const TYPE_AT = 156;
const MAGIC_AT = 257;

/** Layers that aim at a directory outside of the root in all ways we know: what a mutation has to start from to be dangerous. */
function attacks(victim: string): Buffer[] {
  return [
    tar(symlink("esc", victim), file("esc/pwned", "1"), directory("esc", { mode: 0o777, uid: 1234 })),
    tar(symlink("esc", victim), hardLink("h", "esc/secret", { mode: 0o777 }), file("h", "2")),
    tar(symlink("up", "../../../../../../../.."), file(`up${victim}/secret`, "3"), file(`up${victim}/.wh.secret`)),
    tar(hardLink("h", "../victim/secret", { mode: 0o777, uid: 7 }), file("../victim/secret", "4")),
    tar(symlink("s", `${victim}/secret`), hardLink("h", "s", { mode: 0o777, uid: 9 }), file("s", "5"), file("h", "6")),
    tar(directory("d"), symlink("d/e", "../../victim"), file("d/e/.wh..wh..opq"), file("d/e/.wh.secret")),
    tar(symlink("a", "b"), symlink("b", victim), directory("a/x", { mode: 0o777 }), file("b/secret", "7")),
    tar(
      file("x", "8", { pax: { path: `${victim}/secret`, mtime: "5" } }),
      symlink("x", "y", { pax: { linkpath: victim } }),
    ),
  ];
}

/** Small layers of all formats to mutate. */
export function seeds(random: Random, victim: string, count: number): Buffer[] {
  const stacks = Array.from({ length: count }, () => randomStack(random.below(2 ** 31), EVERYTHING));
  const layers = stacks.flatMap((stack) => stack.map((entries) => tar(...entries.slice(0, 8).map(write))));
  return [...layers, ...Array.from({ length: count / 8 }, () => attacks(victim)).flat()];
}

/** Bytes that mean something in a header. */
const TELLING = [0, 0x20, 0x2e, 0x2f, 0x30, 0x37, 0x39, 0x7f, 0x80, 0xff] as const;
const FIELDS = [0, 1, 100, 108, 116, 124, 135, 136, 156, 157, 257, 263, 329, 345, 500] as const;
const TYPE_FLAGS = "\x000123456789xgLKSDMVNX";

/** Where headers seem to begin. */
function headers(bytes: Buffer): number[] {
  const found: number[] = [];
  for (let at = 0; at + BLOCK <= bytes.length; at += BLOCK) {
    if (bytes.toString("latin1", at + MAGIC_AT, at + MAGIC_AT + 5) === "ustar") found.push(at);
  }
  return found;
}

/** Makes the checksums right again: without it no mutation would come further than to the first header. */
function mend(bytes: Buffer): void {
  for (const at of headers(bytes)) {
    bytes.fill(0x20, at + CHECKSUM_AT, at + TYPE_AT);
    let sum = 0;
    for (let index = 0; index < BLOCK; index += 1) sum += bytes[at + index] ?? 0;
    bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, at + CHECKSUM_AT, "latin1");
  }
}

function changeOnce(random: Random, bytes: Buffer, other: Buffer): Buffer {
  const { below, pick } = random;
  const block = (of: Buffer): number => below(Math.max(1, of.length / BLOCK)) * BLOCK;
  const header = headers(bytes)[below(8)] ?? 0;
  switch (below(9)) {
    case 0:
      bytes[below(bytes.length)] = below(256);
      return bytes;
    case 1:
      bytes[header + pick<number>(FIELDS) + below(8)] = pick<number>(TELLING);
      return bytes;
    case 2:
      bytes[header + TYPE_AT] = TYPE_FLAGS.charCodeAt(below(TYPE_FLAGS.length));
      return bytes;
    case 3:
      return bytes.subarray(0, below(bytes.length));
    case 4:
      return Buffer.concat([bytes.subarray(0, block(bytes)), bytes.subarray(block(bytes))]);
    case 5:
      return Buffer.concat([bytes.subarray(0, block(bytes)), other.subarray(block(other))]);
    case 6:
      // A number that is much too large, or negative.
      bytes.subarray(header + 124, header + 125 + below(11)).fill(below(2) === 0 ? 0x37 : 0xff);
      return bytes;
    case 7:
      // Names and targets from elsewhere.
      other.copy(bytes.subarray(header + pick([0, 157])), 0, 0, 1 + below(99));
      return bytes;
    default:
      bytes.subarray(below(bytes.length), below(bytes.length)).fill(below(256));
      return bytes;
  }
}

/** A layer with one to four changes, mostly with right checksums. */
export function mutated(random: Random, from: Buffer, other: Buffer): Buffer {
  let bytes = Buffer.from(from);
  for (let changes = 1 + random.below(4); changes > 0 && bytes.length > 0; changes -= 1) {
    bytes = Buffer.from(changeOnce(random, bytes, other));
  }
  if (!random.once(4)) mend(bytes);
  return bytes;
}

/** A compressed layer with a change in what is compressed, not in what it unpacks to. */
export function mutatedCompressed(random: Random, from: Buffer, other: Buffer): Buffer {
  const compressed = random.once(2) ? gzipSync(from, { level: 1 }) : zstdCompressSync(from);
  return changeOnce(random, Buffer.from(compressed), other);
}

const STARTS = ["", "\x1f\x8b\x08", "\x28\xb5\x2f\xfd", "\x50\x2a\x4d\x18", "\x1f\x8b\x08\0\0\0\0\0\0\x03"] as const;
const LONGEST_NOISE = 3000;

/** Bytes that mean nothing, some behind a beginning that does. */
export function noise(random: Random): Buffer {
  const bytes = Buffer.alloc(random.below(LONGEST_NOISE));
  const zeros = random.once(3);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = zeros && !random.once(20) ? 0 : random.below(256);
  bytes.write(random.pick(STARTS), 0, "latin1");
  if (random.once(3) && bytes.length >= BLOCK) {
    bytes.write("ustar\u000000", MAGIC_AT, "latin1");
    for (const [at, width] of [
      [100, 8],
      [108, 8],
      [116, 8],
      [124, 12],
      [136, 12],
    ] as const) {
      bytes.write(
        random
          .below(512)
          .toString(8)
          .padStart(width - 1, "0"),
        at,
        "latin1",
      );
      bytes[at + width - 1] = 0;
    }
    bytes.fill(0, 329, 345);
    mend(bytes);
  }
  return bytes;
}
