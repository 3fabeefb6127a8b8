import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { cloneTree } from "./clone.ts";
import { type FileSystem, type FlockAnswer, errnoOf } from "./fs.ts";
import { sealOf } from "./seal.ts";
import { syncTree } from "./sync-tree.ts";

/** The real file system. */
export const nodeFileSystem: FileSystem = {
  ...fs,
  open: fs.promises.open,
  tryWrite,
  flock,
  removeTree: (path) => fs.promises.rm(path, { recursive: true, force: true, maxRetries: 2 }),
  cloneTree,
  syncTree,
  sealOf,
};

function tryWrite(path: string, bytes: number): void {
  const fd = fs.openSync(path, "wx", 0o600);
  try {
    const content = Buffer.alloc(bytes);
    for (let written = 0; written < bytes;) written += fs.writeSync(fd, content, written);
  } finally {
    fs.closeSync(fd);
    fs.unlinkSync(path);
  }
}

/** What util-linux `flock` exits with when another one has the lock. */
const BUSY_STATUS = 1;
/** Milliseconds beyond the time it may wait. */
const SLACK_MS = 5_000;

/**
 * Locks through util-linux `flock`, which inherits our open file description: the lock is ours after `flock` has ended
 * (flock(2)), and it holds between containers on one kernel.
 */
function flock(fd: number, mode: "exclusive" | "shared", waitSecs: number): FlockAnswer {
  const how = mode === "exclusive" ? "-x" : "-s";
  const { status, error, stderr } = spawnSync("flock", [how, "-w", String(waitSecs), "3"], {
    stdio: ["ignore", "ignore", "pipe", fd],
    timeout: waitSecs * 1000 + SLACK_MS,
    encoding: "utf8",
  });
  if (errnoOf(error) === "ENOENT") return { unsupported: "this system has no flock command (package util-linux)" };
  if (error !== undefined) return { unsupported: error.message };
  if (status === 0) return "held";
  return status === BUSY_STATUS ? "busy" : { unsupported: stderr.trim() || `flock ended with ${status ?? "a signal"}` };
}
