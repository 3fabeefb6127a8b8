import { DockerloaderError } from "../errors.ts";
import type { Layout } from "../layout.ts";
import { storeError } from "./durable.ts";
import { errnoOf, type FileSystem } from "./fs.ts";
import { statIfPresent } from "./reads.ts";

/** A held lock. The kernel frees it with its holder, however that ends. */
export interface Lock {
  readonly release: () => void;
  /** Writes into the lock file who we are, for the message of whoever comes second. Best effort, decides nothing. */
  readonly note: (holder: Holder) => void;
}

/** Who holds a lock, as it said itself. */
export interface Holder {
  readonly pid: number;
  /** The host's name; inside a container its id. */
  readonly host: string;
  readonly since: string;
  /** The run id of the app it runs: what a dead loader left behind is found by it. */
  readonly runId?: string;
}

export type LockResult =
  | { readonly kind: "held"; readonly lock: Lock }
  | { readonly kind: "busy" }
  | { readonly kind: "unsupported"; readonly why: string };

/**
 * Tries to lock a file or directory, waiting (and blocking this process) for at most `waitSecs` seconds. A lock file
 * is created when it is missing; on a volume that is read-only one that is there is locked all the same.
 */
export function tryLock(fs: FileSystem, path: string, waitSecs = 0): LockResult {
  const fd = openLockFile(fs, path);
  const answer = fs.flock(fd, "exclusive", waitSecs);
  if (answer === "held") {
    return { kind: "held", lock: { release: () => fs.closeSync(fd), note: (holder) => note(fs, fd, holder) } };
  }
  fs.closeSync(fd);
  return answer === "busy" ? { kind: "busy" } : { kind: "unsupported", why: answer.unsupported };
}

function openLockFile(fs: FileSystem, path: string): number {
  try {
    return fs.openSync(path, "a", 0o644);
  } catch (error) {
    if (errnoOf(error) === "EROFS" || errnoOf(error) === "EISDIR") return fs.openSync(path, "r");
    throw error;
  }
}

/** The same; a lock file that cannot be opened is a fault of the volume. */
function tryOrThrow(fs: FileSystem, path: string, waitSecs?: number): LockResult {
  try {
    return tryLock(fs, path, waitSecs);
  } catch (error) {
    throw storeError("open", path, error);
  }
}

/** Locks a file or throws: STORE_LOCKED naming who has to end, STORE_UNSUPPORTED where nothing can be locked. */
export function lockOrThrow(fs: FileSystem, path: string, what: string, waitSecs = 0): Lock {
  const result = tryOrThrow(fs, path, waitSecs);
  if (result.kind === "held") return result.lock;
  if (result.kind === "unsupported") throw unsupported(path, result.why);
  throw new DockerloaderError("STORE_LOCKED", `${path} is locked: ${describeHolder(fs, path, what)}`, {
    hint: "give every loader a volume of its own, or wait until the other one has ended",
  });
}

/**
 * Locks the data directory for one loader. Some network volumes say yes to everybody: so a second descriptor asks too
 * and has to be refused; otherwise two loaders could meet here unseen, and nothing is started.
 */
export function lockForLoader(fs: FileSystem, path: string, waitSecs: number): Lock {
  const lock = lockOrThrow(fs, path, "loader", waitSecs);
  let second: LockResult | undefined;
  try {
    second = tryOrThrow(fs, path);
  } finally {
    if (second?.kind !== "busy") lock.release();
  }
  if (second.kind === "busy") return lock;
  if (second.kind === "held") second.lock.release();
  throw unsupported(path, "two locks on one file were both granted");
}

function unsupported(path: string, why: string): DockerloaderError {
  return new DockerloaderError("STORE_UNSUPPORTED", `${path} cannot be locked: ${why}`, {
    hint: "use a local volume and an image with util-linux; without a lock two loaders could destroy each other's versions",
  });
}

function note(fs: FileSystem, fd: number, holder: Holder): void {
  try {
    fs.ftruncateSync(fd, 0);
    fs.writeSync(fd, `${JSON.stringify(holder)}\n`);
  } catch {
    // A full or read-only volume: the next loader learns only that somebody is here.
  }
}

/** What the last holder of a lock said of itself; it may be gone. */
export function lastHolder(fs: FileSystem, path: string): Holder | undefined {
  try {
    const holder = JSON.parse(fs.readFileSync(path, "utf8")) as Partial<Holder> | null;
    const { pid, host, since, runId } = holder ?? {};
    if (typeof pid !== "number" || typeof host !== "string" || typeof since !== "string") return undefined;
    return { pid, host, since, ...(typeof runId === "string" ? { runId } : {}) };
  } catch {
    return undefined;
  }
}

function describeHolder(fs: FileSystem, path: string, what: string): string {
  const holder = lastHolder(fs, path);
  if (holder === undefined) return `another ${what} uses this data directory`;
  return `the ${what} with pid ${holder.pid} on ${holder.host} uses this data directory since ${holder.since}`;
}

/** True while a loader holds its lock. Creates nothing; without lock support the answer is no. */
export function isLoaderRunning({ fs, layout }: { readonly fs: FileSystem; readonly layout: Layout }): boolean {
  if (statIfPresent(fs, layout.loaderLock) === undefined) return false;
  const result = tryLock(fs, layout.loaderLock);
  if (result.kind === "held") result.lock.release();
  return result.kind === "busy";
}
