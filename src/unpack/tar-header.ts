import { LayerFault } from "./faults.ts";

/** Bytes of a tar record. */
export const BLOCK = 512;

/** One header block as it stands, before extended headers are merged. Strings are latin1: one character a byte. */
export interface TarHeader {
  readonly name: string;
  readonly linkname: string;
  /** The type flag, one character. */
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Seconds since the epoch. */
  readonly mtime: number;
}

function text(block: Buffer, start: number, length: number): string {
  let end = start;
  while (end < start + length && block[end] !== 0) end += 1;
  return end === start ? "" : block.toString("latin1", start, end);
}

/** Base 256, two's complement, the first bit a mark: how GNU tar writes what octal digits cannot hold. */
function base256(block: Buffer, start: number, length: number): number {
  const first = block[start] ?? 0;
  const negative = (first & 0x40) !== 0;
  let value = BigInt(negative ? first | ~0xff : first & 0x7f);
  for (let at = start + 1; at < start + length; at++) value = value * 256n + BigInt(block[at] ?? 0);
  return Number(value);
}

const BLANK = 0x20;
const ZERO = 0x30;

/** Octal digits between blanks and NULs; a NUL ends them, whatever follows. NaN for anything else. */
function octal(block: Buffer, start: number, length: number): number {
  let at = start;
  let end = start + length;
  const isFiller = (byte: number | undefined): boolean => byte === 0 || byte === BLANK;
  while (at < end && isFiller(block[at])) at += 1;
  while (at < end && isFiller(block[end - 1])) end -= 1;
  let value = 0;
  for (; at < end; at++) {
    const byte = block[at] ?? 0;
    if (byte === 0) break;
    const digit = byte - ZERO;
    if (digit < 0 || digit > 7) return Number.NaN;
    value = value * 8 + digit;
  }
  return value;
}

/** A numeric field (rule A39): octal digits among blanks and NULs, or base 256. An empty field is 0. */
function number(block: Buffer, start: number, length: number, field: string): number {
  const value = (block[start] ?? 0) >= 0x80 ? base256(block, start, length) : octal(block, start, length);
  if (Number.isSafeInteger(value)) return value;
  throw new LayerFault("LAYER_CORRUPT", "A39", `the field "${field}" of a tar header is no usable number`);
}

/** True when a field of 12 bytes is empty or holds a number. */
function isTime(block: Buffer, start: number): boolean {
  try {
    return block[start] === 0 || Number.isSafeInteger(number(block, start, 12, "time"));
  } catch {
    return false;
  }
}

/** Both sums that writers have used (rule A38). */
function checkSum(block: Buffer): void {
  const stated = number(block, 148, 8, "checksum");
  let unsigned = 8 * 0x20;
  let signed = unsigned;
  for (let at = 0; at < BLOCK; at++) {
    if (at >= 148 && at < 156) continue;
    const byte = block[at] ?? 0;
    unsigned += byte;
    signed += (byte << 24) >> 24;
  }
  if (stated === unsigned || stated === signed) return;
  throw new LayerFault("LAYER_CORRUPT", "A38", `a tar header has the checksum ${unsigned}, it states ${stated}`);
}

/** The first part of a long name, where the format has one (rule A37). */
function prefixOf(block: Buffer): string {
  const magic = block.toString("latin1", 257, 265);
  if (magic === "ustar\u000000") {
    return text(block, 345, block.toString("latin1", 508, 512) === "tar\0" ? 131 : 155);
  }
  if (magic !== "ustar  \0") return "";
  // GNU keeps times here; Go 1.7 wrote a prefix all the same.
  if (isTime(block, 345) && isTime(block, 357)) return "";
  const prefix = text(block, 345, 155);
  return /[\u0080-\u00ff]/.test(prefix) ? "" : prefix;
}

/** Reads one header block: v7, ustar, star, GNU (rules A37 to A39). Throws a LayerFault for what is none. */
export function parseHeader(block: Buffer): TarHeader {
  checkSum(block);
  const prefix = prefixOf(block);
  const name = text(block, 0, 100);
  const header = {
    name: prefix === "" ? name : `${prefix}/${name}`,
    linkname: text(block, 157, 100),
    type: String.fromCharCode(block[156] ?? 0),
    mode: number(block, 100, 8, "mode"),
    uid: number(block, 108, 8, "uid"),
    gid: number(block, 116, 8, "gid"),
    size: number(block, 124, 12, "size"),
    mtime: number(block, 136, 12, "mtime"),
  };
  if (block.toString("latin1", 257, 262) === "ustar") {
    number(block, 329, 8, "devmajor");
    number(block, 337, 8, "devminor");
  }
  return header;
}

const ZEROS = Buffer.alloc(BLOCK);

export const isZeroBlock = (block: Buffer): boolean => block[0] === 0 && block.equals(ZEROS);
