import type { Stats } from "node:fs";
import { DockerloaderError } from "../errors.ts";
import { storeError } from "./durable.ts";
import { errnoOf, type FileSystem } from "./fs.ts";

/** What says that a name is not there. */
const MISSING = ["ENOENT", "ENOTDIR"];

/**
 * Reads what may be missing: undefined then. Any other failure is the volume's, never a defect of ours, and is thrown
 * as STORE_IO that names the path. `absent`: more errnos by which this path counts as missing.
 */
export function readIfPresent<T>(path: string, read: () => T, absent: readonly string[] = []): T | undefined {
  try {
    return read();
  } catch (error) {
    const errno = errnoOf(error) ?? "";
    if (MISSING.includes(errno) || absent.includes(errno)) return undefined;
    throw storeError("read", path, error);
  }
}

/** What is at a path, links not followed. Undefined: nothing. Throws STORE_IO. */
export function statIfPresent(fs: FileSystem, path: string): Stats | undefined {
  return readIfPresent(path, () => fs.lstatSync(path));
}

/** The names in a directory, sorted; a missing directory has none. Throws STORE_IO. */
export function listNames(fs: FileSystem, path: string): string[] {
  return readIfPresent(path, () => fs.readdirSync(path).sort()) ?? [];
}

/** True when the disk answered EIO, itself or behind a STORE_IO: what was to be read there is gone. */
export function isUnreadable(error: unknown): boolean {
  return errnoOf(error instanceof DockerloaderError ? error.cause : error) === "EIO";
}

/** Reads a second time after EIO: a volume that stumbles once has lost nothing. */
export function twice<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return read();
  }
}
