import { LayerFault } from "./faults.ts";

/** What an extended header changes in the entry that follows it. Other keywords are of no use to us. */
export interface PaxRecords {
  path?: string;
  linkpath?: string;
  uid?: number;
  gid?: number;
  size?: number;
  mtime?: number;
  /** True when the entry is a sparse file in one of the PAX formats. */
  sparse: boolean;
  /** Names of extended attributes. */
  readonly xattrs: string[];
}

const malformed = (what: string): LayerFault =>
  new LayerFault("LAYER_CORRUPT", "A41", `an extended header is malformed: ${what}`);

function whole(key: string, value: string): number {
  const number = /^[+-]?0*\d{1,19}$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw malformed(`${key} is no usable number`);
  return number;
}

function seconds(key: string, value: string): number {
  if (!/^[+-]?\d{1,19}(?:\.\d*)?$/.test(value)) throw malformed(`${key} is no time`);
  return Number(value);
}

function noNul(key: string, value: string): string {
  if (value.includes("\0")) throw malformed(`${key} contains a NUL`);
  return value;
}

function set(records: PaxRecords, key: string, value: string): void {
  if (key.startsWith("GNU.sparse.")) records.sparse = true;
  const attribute = /^(?:SCHILY|LIBARCHIVE)\.xattr\.(.+)$/s.exec(key)?.[1];
  if (attribute !== undefined) records.xattrs.push(attribute);
  switch (key) {
    case "path":
    case "linkpath":
      if (noNul(key, value) === "") delete records[key];
      else records[key] = value;
      break;
    case "uid":
    case "gid":
    case "size":
      if (value === "") delete records[key];
      else records[key] = whole(key, value);
      break;
    case "mtime":
      if (value === "") delete records.mtime;
      else records.mtime = seconds(key, value);
      break;
    case "atime":
    case "ctime":
      // Of no use to us; Go refuses what is no time, so an image with one was never tested anywhere.
      if (value !== "") seconds(key, value);
      break;
    case "uname":
    case "gname":
      noNul(key, value);
      break;
    default:
      if (key.includes("\0")) throw malformed("a keyword contains a NUL");
  }
}

/** Reads the records `length keyword=value\n` (POSIX pax, "pax Extended Header"; rule A41). An empty value takes a record back. */
export function parsePax(block: Buffer): PaxRecords {
  const text = block.toString("latin1");
  const records: PaxRecords = { sparse: false, xattrs: [] };
  let at = 0;
  while (at < text.length) {
    const blank = text.indexOf(" ", at);
    const digits = blank === -1 || blank - at > 10 ? "" : text.slice(at, blank);
    const length = /^\d+$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    if (length < 5 || end > text.length) throw malformed("the length of a record is wrong");
    const equals = text.indexOf("=", blank);
    if (equals === -1 || equals >= end || equals === blank + 1) throw malformed("a record has no keyword");
    if (text[end - 1] !== "\n") throw malformed("a record has no line end");
    set(records, text.slice(blank + 1, equals), text.slice(equals + 1, end - 1));
    at = end;
  }
  return records;
}
