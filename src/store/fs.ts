import fs from "node:fs";

/**
 * The file system as the store uses it: the only calls that touch the data directory.
 * Injected, so that tests can count, fail or lose any single operation. What decides is synchronous: an operation on
 * a link takes microseconds to milliseconds, and a process that is killed inside has done a prefix of the calls.
 */
export interface FileSystem extends Pick<
  typeof fs,
  | "openSync"
  | "writeSync"
  | "readSync"
  | "fsyncSync"
  | "fchmodSync"
  | "closeSync"
  | "renameSync"
  | "linkSync"
  | "symlinkSync"
  | "readlinkSync"
  | "realpathSync"
  | "unlinkSync"
  | "mkdirSync"
  | "readdirSync"
  | "lstatSync"
  | "fstatSync"
  | "readFileSync"
  | "statfsSync"
  | "accessSync"
> {
  /** Deletes a whole tree without blocking the process; only ever called on names that are already out of use. */
  readonly removeTree: (path: string) => Promise<void>;
}

/** The real file system. */
export const nodeFileSystem: FileSystem = {
  ...fs,
  removeTree: (path) => fs.promises.rm(path, { recursive: true, force: true, maxRetries: 2 }),
};

/** The errno of a file system error, e.g. `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
