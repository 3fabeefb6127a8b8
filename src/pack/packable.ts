import fs, { type Dirent } from "node:fs";
import { isUtf8 } from "node:buffer";
import { relative, resolve } from "node:path";
import { errnoOf } from "../errno.ts";
import { DockerloaderError } from "../errors.ts";

const WHITEOUT = Buffer.from(".wh.");
const SLASH = Buffer.from("/");

/**
 * Throws USAGE, naming the path, for what an image cannot hold as it is on disk, or what `pack` would change without a word:
 * names and link targets that are no UTF-8, names that mean "remove this" in a layer, what is no file, directory or link, and what
 * cannot be read. `output`: the layout to write, which must not be packed itself.
 */
export function assertPackable(directory: string, output: string): void {
  if (isInside(directory, output)) {
    throw refusal(
      output,
      "lies in the directory that is to be packed, so it would be packed as well",
      "write it elsewhere",
    );
  }
  walk(Buffer.from(directory));
}

function walk(directory: Buffer): void {
  for (const entry of readable(directory, () =>
    fs.readdirSync(directory, { withFileTypes: true, encoding: "buffer" }),
  )) {
    const path = Buffer.concat([directory, SLASH, entry.name]);
    const fault = faultOf(entry, path);
    if (fault !== undefined) throw refusal(path.toString(), ...fault);
    if (entry.isDirectory()) walk(path);
  }
}

/** What is wrong with an entry, and how to mend it. */
function faultOf(entry: Dirent<Buffer<ArrayBuffer>>, path: Buffer): readonly [fault: string, hint: string] | undefined {
  if (!isUtf8(entry.name)) return ["has a name that is no UTF-8", "rename it"];
  if (entry.name.subarray(0, WHITEOUT.length).equals(WHITEOUT)) {
    return ["has a name that removes a file when the image is unpacked", "rename it"];
  }
  if (entry.isSymbolicLink()) {
    const target = readable(path, () => fs.readlinkSync(path, { encoding: "buffer" }));
    return isUtf8(target) ? undefined : ["is a link to a name that is no UTF-8", "rename its target"];
  }
  if (entry.isFile()) readable(path, () => fs.accessSync(path, fs.constants.R_OK));
  else if (!entry.isDirectory()) return ["is neither a file, a directory nor a link", "remove it"];
  return undefined;
}

function readable<T>(path: Buffer, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw refusal(
      path.toString(),
      `cannot be read: ${errnoOf(error) ?? "unknown error"}`,
      "check the path and its permissions",
    );
  }
}

function isInside(directory: string, path: string): boolean {
  const way = relative(resolve(directory), resolve(path));
  return way !== ".." && !way.startsWith("../");
}

const refusal = (path: string, fault: string, hint: string): DockerloaderError =>
  new DockerloaderError("USAGE", `${path} ${fault}`, { hint });
