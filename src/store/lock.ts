import { spawnSync } from "node:child_process";
import { DockerloaderError } from "../errors.ts";
import type { Layout } from "../layout.ts";
import { errnoOf, type FileSystem } from "./fs.ts";
import { statIfPresent } from "./reads.ts";

/** A held lock. The kernel frees it with its holder, however that ends. */
export interface Lock {
  readonly release: () => void;
}

/** `unsupported`: this system has no `flock` command or the volume no locks; the caller decides. */
export type LockResult = { readonly kind: "held"; readonly lock: Lock } | { readonly kind: "busy" | "unsupported" };

const BUSY_STATUS = 1;

/**
 * Tries to lock a file, waiting (and blocking this process) for at most `waitSecs` seconds. We open it, util-linux `flock` locks the open file description it inherits
 * from us, and so the lock is ours after `flock` has ended (flock(2)). It holds between containers on one kernel.
 */
export function tryLock(fs: FileSystem, path: string, waitSecs = 0): LockResult {
  const fd = fs.openSync(path, "a", 0o644);
  const { status, error } = spawnSync("flock", ["-w", String(waitSecs), "3"], {
    stdio: ["ignore", "ignore", "ignore", fd],
    timeout: 10_000,
  });
  if (error === undefined && status === 0) return { kind: "held", lock: { release: () => fs.closeSync(fd) } };
  fs.closeSync(fd);
  return { kind: error === undefined && status === BUSY_STATUS ? "busy" : "unsupported" };
}

/** Locks a file or throws STORE_LOCKED naming who has to end. Without lock support it goes on unlocked. */
export function lockOrThrow(fs: FileSystem, path: string, what: string, waitSecs = 0): Lock {
  let result: LockResult;
  try {
    result = tryLock(fs, path, waitSecs);
  } catch (error) {
    throw new DockerloaderError("STORE_IO", `cannot open ${path}: ${errnoOf(error) ?? "unknown error"}`, {
      cause: error,
      hint: "check that the volume is mounted and writable",
    });
  }
  if (result.kind === "held") return result.lock;
  if (result.kind === "unsupported") return { release: () => {} };
  throw new DockerloaderError("STORE_LOCKED", `${path} is locked: another ${what} uses this data directory`, {
    hint: "give every loader a volume of its own, or wait until the other one has ended",
  });
}

/** True while a loader holds its lock. Creates nothing; without lock support the answer is no. */
export function isLoaderRunning({ fs, layout }: { readonly fs: FileSystem; readonly layout: Layout }): boolean {
  if (statIfPresent(fs, layout.loaderLock) === undefined) return false;
  const result = tryLock(fs, layout.loaderLock);
  if (result.kind === "held") result.lock.release();
  return result.kind === "busy";
}
