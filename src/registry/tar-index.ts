import { open } from "node:fs/promises";
import { DockerloaderError } from "../errors.ts";
import { LIMITS } from "../limits.ts";

/** Where a file of an archive stands. Bytes. */
export interface Member {
  readonly offset: number;
  readonly size: number;
}

const BLOCK = 512;
const text = (block: Buffer, from: number, length: number): string =>
  block.toString("utf8", from, from + length).replace(/\0.*$/s, "");

/** A size field: octal, or base 256 when its first bit is set (GNU). */
function sizeIn(block: Buffer): number {
  if (((block[124] ?? 0) & 0x80) !== 0) return Number(block.readBigUInt64BE(128));
  const digits = text(block, 124, 12).trim();
  return /^[0-7]*$/.test(digits) ? Number.parseInt(digits || "0", 8) : Number.NaN;
}

/**
 * The regular files of an uncompressed tar archive by name, read from its headers alone: nothing is unpacked. Symbolic
 * links inside the archive stand for what they point to, as old `docker save` uses them. Throws MANIFEST_INVALID.
 */
export async function indexTar(path: string): Promise<ReadonlyMap<string, Member>> {
  const broken = (why: string): DockerloaderError =>
    new DockerloaderError("MANIFEST_INVALID", `archive ${path} ${why}`, {
      hint: "write it again; it has to be a plain tar file",
    });
  const handle = await open(path, "r");
  try {
    const { size: total } = await handle.stat();
    const members = new Map<string, Member>();
    const links = new Map<string, string>();
    const block = Buffer.alloc(BLOCK);
    let longName: string | undefined;
    for (let at = 0; at + BLOCK <= total;) {
      await handle.read(block, 0, BLOCK, at);
      if (block.every((byte) => byte === 0)) break;
      const sum = block.reduce((all, byte, index) => all + (index >= 148 && index < 156 ? 32 : byte), 0);
      if (sum !== Number.parseInt(text(block, 148, 8).trim(), 8)) throw broken("is no tar archive");
      const size = sizeIn(block);
      const offset = at + BLOCK;
      if (!Number.isSafeInteger(size) || size < 0 || offset + size > total) throw broken("ends early");
      const type = String.fromCharCode(block[156] ?? 0);
      const prefix = text(block, 257, 5) === "ustar" ? text(block, 345, 155) : "";
      const name = longName ?? (prefix === "" ? text(block, 0, 100) : `${prefix}/${text(block, 0, 100)}`);
      longName = undefined;
      if (type === "x" || type === "L") {
        if (size > LIMITS.extendedHeaderBytes) throw broken("has an extended header that is too large");
        const body = Buffer.alloc(size);
        await handle.read(body, 0, size, offset);
        longName = type === "L" ? text(body, 0, size) : /^\d+ path=(.*)$/m.exec(body.toString("utf8"))?.[1];
      } else if (type === "0" || type === "\0" || type === "7") members.set(clean(name), { offset, size });
      else if (type === "2") links.set(clean(name), clean(`${name}/../${text(block, 157, 100)}`));
      at = offset + Math.ceil(size / BLOCK) * BLOCK;
      if (members.size > LIMITS.archiveMembers) throw broken("has too many files");
    }
    for (const [name, target] of links) {
      const member = members.get(target);
      if (member !== undefined && !members.has(name)) members.set(name, member);
    }
    return members;
  } finally {
    await handle.close();
  }
}

/** A name without `.`, `..` and empty parts, below the archive's root. */
function clean(name: string): string {
  const parts: string[] = [];
  for (const part of name.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}
