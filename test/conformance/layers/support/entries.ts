import type { Fields } from "../../../fixtures/tar.ts";
import { base256, entry } from "../../../fixtures/tar.ts";

/** The dialects of tar that layers are written in. */
export type Format = "v7" | "ustar" | "gnu" | "pax";

export type EntryKind = "file" | "directory" | "symlink" | "hardlink" | "fifo" | "device";

/** One entry of a random layer, before it is written down. Names are latin1: one character a byte. */
export interface LayerEntry {
  readonly kind: EntryKind;
  /** As the archive spells it: `./a`, `/a`, `a/../b`. */
  readonly name: string;
  readonly format: Format;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds and their decimals, as PAX writes them; the other formats drop the decimals. */
  readonly mtime: string;
  readonly content: string;
  readonly target: string;
}

const TYPES = { file: "0", hardlink: "1", symlink: "2", device: "3", directory: "5", fifo: "6" } as const;
const NAME_BYTES = 100;
const LARGEST_OCTAL_ID = 0o7777777;

/** GNU's way to write what does not fit a header: an entry of its own with the whole of it. */
const long = (type: "K" | "L", text: string): Buffer =>
  entry("././@LongLink", { type, magic: "ustar  \0", data: `${text}\0` });

const isShort = ({ name, target }: LayerEntry): boolean => name.length <= NAME_BYTES && target.length <= NAME_BYTES;

/** Where a long name can be cut for ustar's two fields. */
function cut(name: string): { readonly prefix: string; readonly rest: string } | undefined {
  for (let at = name.indexOf("/"); at !== -1; at = name.indexOf("/", at + 1)) {
    const rest = name.slice(at + 1);
    if (at > 0 && at <= 155 && rest !== "" && rest.length <= NAME_BYTES) return { prefix: name.slice(0, at), rest };
  }
  return undefined;
}

function facts({ mode, uid, gid, mtime, kind, target, content }: LayerEntry): Fields {
  return {
    type: TYPES[kind],
    mode,
    uid: Math.min(uid, LARGEST_OCTAL_ID),
    gid: Math.min(gid, LARGEST_OCTAL_ID),
    mtime: Math.max(0, Math.trunc(Number(mtime))),
    linkname: target,
    ...(kind === "file" ? { data: content } : {}),
  };
}

function pax(one: LayerEntry): Buffer {
  const { name, target, uid, gid, mtime } = one;
  const records = {
    ...(name.length > NAME_BYTES ? { path: name } : {}),
    ...(target.length > NAME_BYTES ? { linkpath: target } : {}),
    uid: String(uid),
    gid: String(gid),
    mtime,
  };
  return entry(name.slice(0, NAME_BYTES), { ...facts(one), linkname: target.slice(0, NAME_BYTES), pax: records });
}

function gnu(one: LayerEntry): Buffer {
  const { name, target, uid, gid } = one;
  const id = (value: number): number | string => (value > LARGEST_OCTAL_ID ? base256(BigInt(value), 8) : value);
  return Buffer.concat([
    ...(target.length > NAME_BYTES ? [long("K", target)] : []),
    ...(name.length > NAME_BYTES ? [long("L", name)] : []),
    entry(name, { ...facts(one), magic: "ustar  \0", uid: id(uid), gid: id(gid) }),
  ]);
}

/** One entry in the format it asks for, or in PAX when that one cannot hold it. */
export function write(one: LayerEntry): Buffer {
  const { name, format, uid, gid, kind, target } = one;
  const plain = uid <= LARGEST_OCTAL_ID && gid <= LARGEST_OCTAL_ID && !mtimeNeedsPax(one);
  if (format === "gnu" && !mtimeNeedsPax(one)) return gnu(one);
  if (format === "ustar" && plain && target.length <= NAME_BYTES) {
    if (isShort(one)) return entry(name, facts(one));
    const parts = cut(name);
    if (parts !== undefined) return entry(parts.rest, { ...facts(one), prefix: parts.prefix });
  }
  if (format === "v7" && plain && isShort(one) && kind !== "fifo" && kind !== "device") {
    // v7 has no type for directories: a file whose name ends in a slash is one.
    const type = kind === "directory" || kind === "file" ? "\0" : TYPES[kind];
    const spelled = kind === "directory" ? `${name.slice(0, NAME_BYTES - 1).replace(/\/+$/, "")}/` : name;
    return entry(spelled, { ...facts(one), type, magic: "\0".repeat(8) });
  }
  return pax(one);
}

const mtimeNeedsPax = ({ mtime }: LayerEntry): boolean => mtime.startsWith("-") || mtime.includes(".");
