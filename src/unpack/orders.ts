import { closeSync, constants, linkSync, lstatSync, openSync, writeSync } from "node:fs";
import type { ContentHash } from "./content-hash.ts";
import { errnoOf } from "./faults.ts";
import { dressOpen, type Expected, isUnchanged, type Looks } from "./looks.ts";
import { type RawPath, rawPath } from "./names.ts";
import type { Ownership } from "./ownership.ts";
import type { OrderPlace } from "./ring-server.ts";

/** Kinds of orders. */
const FILE = 0;
const LINK = 1;

/** What comes of an order. `REFUSED`: nothing was made, and the giver has to see to it by itself. */
export const MADE = 0;
export const REFUSED = 1;

/** Where a number of an order is, counted from its first one. */
const [KIND, PATH_BYTES, SOURCE_BYTES, MODE, UID, GID, MTIME, INO, SIZE] = [0, 1, 2, 3, 4, 5, 6, 7, 8];

/** A new file. The bytes of the order: its path, then its content. `at`: where the order's numbers are. */
export function writeFileOrder(numbers: Float64Array, at: number, path: string, looks: Looks): void {
  numbers[at + KIND] = FILE;
  writeLooks(numbers, at, path, looks);
}

/** One more name, for a file of another tree that is unchanged. The bytes of the order: the file's path, then the new name. */
export function writeLinkOrder(
  numbers: Float64Array,
  at: number,
  [source, path]: readonly [string, string],
  expected: Expected,
): void {
  numbers[at + KIND] = LINK;
  writeLooks(numbers, at, path, expected);
  numbers[at + SOURCE_BYTES] = source.length;
  numbers[at + INO] = expected.ino;
  numbers[at + SIZE] = expected.size;
}

function writeLooks(numbers: Float64Array, at: number, path: string, { mode, uid, gid, mtime }: Looks): void {
  numbers[at + PATH_BYTES] = path.length;
  numbers[at + MODE] = mode;
  numbers[at + UID] = uid;
  numbers[at + GID] = gid;
  numbers[at + MTIME] = mtime;
}

/** The content in the bytes of a file's order. */
export const contentOf = (path: string, bytes: Buffer): Buffer => bytes.subarray(path.length);

export interface Made {
  readonly outcome: number;
  readonly ino: number;
  readonly sha256: string;
}

const NOTHING: Made = { outcome: REFUSED, ino: 0, sha256: "" };

/** Does an order. What stands at the path is never touched: then the order is refused, as a link is that cannot be had. */
export function doOrder(order: OrderPlace, ownership: Ownership, hash?: ContentHash): Made {
  const { data, from, to } = order;
  const number = (field: number): number => order.numbers[order.at + field] ?? 0;
  const looks = { name: "", mode: number(MODE), uid: number(UID), gid: number(GID), mtime: number(MTIME) };
  if (number(KIND) === FILE) {
    const content = from + number(PATH_BYTES);
    return makeFile(pathIn(data, from, content), data.subarray(content, to), looks, ownership, hash);
  }
  const path = from + number(SOURCE_BYTES);
  const expected = { ...looks, ino: number(INO), size: number(SIZE) };
  return makeLink(pathIn(data, from, path), pathIn(data, path, to), expected, ownership);
}

const pathIn = (bytes: Buffer, from: number, to: number): RawPath => rawPath(bytes.toString("latin1", from, to));

/** Flags of a file that must be new, and is nobody's link. */
export const NEW_FILE = constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW | constants.O_WRONLY;

function makeFile(path: RawPath, content: Buffer, looks: Looks, ownership: Ownership, hash?: ContentHash): Made {
  let fd: number;
  try {
    fd = openSync(path, NEW_FILE, looks.mode & 0o777);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    return NOTHING;
  }
  try {
    writeAll(fd, content);
    const ino = dressOpen(fd, looks, ownership);
    return { outcome: MADE, ino, sha256: hash?.add(content, true) ?? "" };
  } finally {
    closeSync(fd);
  }
}

/** Any refusal is answered: the giver tries again, and tells what is wrong by itself. */
function makeLink(source: RawPath, path: RawPath, expected: Expected, ownership: Ownership): Made {
  try {
    if (!isUnchanged(lstatSync(source), expected, ownership)) return NOTHING;
    linkSync(source, path);
    return { outcome: MADE, ino: expected.ino, sha256: "" };
  } catch {
    return NOTHING;
  }
}

export function writeAll(fd: number, piece: Uint8Array): void {
  for (let done = 0; done < piece.length;) done += writeSync(fd, piece, done);
}
