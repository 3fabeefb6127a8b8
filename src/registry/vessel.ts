import { createReadStream, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { DockerloaderError } from "../errors.ts";
import { indexTar, type Member } from "./tar-index.ts";
import { quote } from "./quote.ts";

/** Files by name, in a directory or in an archive: what an offline source reads from. */
export interface Vessel {
  /** Undefined: there is no such file. */
  readonly size: (name: string) => number | undefined;
  /** Throws when it is missing or has more than `most` bytes. */
  readonly read: (name: string, most: number) => Promise<Buffer>;
  readonly stream: (name: string, from: number) => AsyncIterable<Uint8Array>;
}

const CHUNK_BYTES = 1024 * 1024;

/** Opens a directory, or an archive by reading its headers. Throws SOURCE_MISSING when it is not there. */
export async function openVessel(path: string, kind: "directory" | "archive"): Promise<Vessel> {
  let isDirectory: boolean;
  try {
    isDirectory = statSync(path).isDirectory();
  } catch (cause) {
    throw new DockerloaderError("SOURCE_MISSING", `${path} cannot be read: ${errnoText(cause)}`, {
      cause,
      hint: "check the path; in a container it has to be mounted",
    });
  }
  if (isDirectory !== (kind === "directory")) {
    throw new DockerloaderError("SOURCE_MISSING", `${path} is ${isDirectory ? "a directory" : "no directory"}`, {
      hint:
        kind === "directory" ? "for a tar file write oci-archive: or docker-archive:" : "for a directory write oci:",
    });
  }
  if (kind === "directory")
    return places((name) => ({ path: join(path, name), offset: 0, size: sizeOf(join(path, name)) }));
  const members = await indexTar(path);
  return places((name) => ({ path, offset: members.get(name)?.offset ?? 0, size: members.get(name)?.size }));
}

interface Spot extends Pick<Member, "offset"> {
  readonly path: string;
  readonly size: number | undefined;
}

function places(find: (name: string) => Spot): Vessel {
  const found = (name: string): Spot & { readonly size: number } => {
    const spot = find(name);
    if (spot.size === undefined) {
      throw new DockerloaderError("MANIFEST_UNKNOWN", `${spot.path} has no file ${quote(name)}`, {
        hint: "write the image again; it may have been copied in part",
      });
    }
    return { ...spot, size: spot.size };
  };
  return {
    size: (name) => find(name).size,
    read: async (name, most) => {
      const { path, offset, size } = found(name);
      if (size > most) {
        throw new DockerloaderError(
          "MANIFEST_INVALID",
          `${name} in ${path} has ${size} bytes, at most ${most} are allowed`,
          { hint: "write the image again with a current tool" },
        );
      }
      const handle = await open(path, "r");
      try {
        const bytes = Buffer.alloc(size);
        const { bytesRead } = await handle.read(bytes, 0, size, offset);
        return bytes.subarray(0, bytesRead);
      } finally {
        await handle.close();
      }
    },
    stream: (name, from) => {
      const { path, offset, size } = found(name);
      if (from >= size) return createReadStream("/dev/null");
      return createReadStream(path, { start: offset + from, end: offset + size - 1, highWaterMark: CHUNK_BYTES });
    },
  };
}

function sizeOf(path: string): number | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isFile() === true ? stat.size : undefined;
}

function errnoText(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}
