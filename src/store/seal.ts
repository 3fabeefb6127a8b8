import { createHash } from "node:crypto";
import fs from "node:fs";
import { join } from "node:path";
import { lineOf } from "../seal-line.ts";

const READ_CHUNK_BYTES = 1024 * 1024;

/**
 * Every entry below a directory as one line, sorted (their order means nothing): kind, permissions, path, then the sha256 of a file or the target
 * of a link. Names are bytes, shown as latin1 in JSON, so that every name has exactly one line. Times and owners are
 * left out: they decide nothing about what runs.
 */
export async function sealOf(root: string): Promise<readonly string[]> {
  const lines: string[] = [];
  await walk(Buffer.from(root), "", lines);
  return lines.sort();
}

async function walk(directory: Buffer, prefix: string, lines: string[]): Promise<void> {
  for (const entry of await fs.promises.readdir(directory, { withFileTypes: true, encoding: "buffer" })) {
    const path = Buffer.concat([directory, Buffer.from("/"), entry.name]);
    const shown = join(prefix, entry.name.toString("latin1"));
    const stat = fs.lstatSync(path);
    const mode = (stat.mode & 0o7777).toString(8);
    if (stat.isDirectory()) {
      lines.push(lineOf("d", mode, shown, ""));
      await walk(path, shown, lines);
    } else if (stat.isFile()) lines.push(lineOf("f", mode, shown, await hashOf(path)));
    else if (stat.isSymbolicLink()) {
      lines.push(lineOf("l", "", shown, fs.readlinkSync(path, { encoding: "buffer" }).toString("latin1")));
    }
  }
}

async function hashOf(path: Buffer): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of fs.createReadStream(path, { highWaterMark: READ_CHUNK_BYTES }))
    hash.update(chunk as Buffer);
  return hash.digest("hex");
}
