import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new folder, in memory where programs may be started there: a replay syncs tens of thousands of times, and tests no disk. */
export function roomyFolder(name: string): string {
  const { stdout } = spawnSync("findmnt", ["-no", "OPTIONS", "--target", "/dev/shm"], { encoding: "utf8" });
  const inMemory = typeof stdout === "string" && stdout.trim() !== "" && !stdout.includes("noexec");
  return mkdtempSync(join(inMemory ? "/dev/shm" : tmpdir(), `dockerloader-${name}-`));
}
