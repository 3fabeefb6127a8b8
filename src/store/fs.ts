import type fs from "node:fs";

/** What came of asking for a lock: ours, somebody else's, or this system or volume cannot lock, and why. */
export type FlockAnswer = "held" | "busy" | { readonly unsupported: string };

/**
 * The file system as the store uses it: the only calls that touch the data directory.
 * Injected, so that tests can count, fail or lose any single operation. What decides is synchronous: an operation on
 * a link takes microseconds to milliseconds, and a process that is killed inside has done a prefix of the calls.
 * Paths of links and records are text; whole trees, whose names may be any bytes, go through the four last calls.
 */
export interface FileSystem extends Pick<
  typeof fs,
  | "openSync"
  | "writeSync"
  | "readSync"
  | "fsyncSync"
  | "fchmodSync"
  | "ftruncateSync"
  | "closeSync"
  | "renameSync"
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
  | "createReadStream"
> {
  /** Opens a file for a long write that must not block the process. */
  readonly open: typeof fs.promises.open;
  /** Writes so many bytes to a new file and removes it; throws what the volume says to that. Nothing need reach the disk. */
  readonly tryWrite: (path: string, bytes: number) => void;
  /** flock(2) on the open file description behind `fd`: the kernel frees it with its last descriptor. */
  readonly flock: (fd: number, mode: "exclusive" | "shared", waitSecs: number) => FlockAnswer;
  /** Deletes a whole tree without blocking the process; only ever called on names that are already out of use. */
  readonly removeTree: (path: string) => Promise<void>;
  /** A second reference to every file of a tree, in a new directory `to`. */
  readonly cloneTree: (from: string, to: string) => Promise<void>;
  /** Makes everything below a directory durable. */
  readonly syncTree: (root: string) => Promise<void>;
  /** One line for each entry below a directory: path, kind, mode, and the hash of a file or the target of a link. */
  readonly sealOf: (root: string) => Promise<readonly string[]>;
}

export { errnoOf } from "../errno.ts";
