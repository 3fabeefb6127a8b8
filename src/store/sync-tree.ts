import { spawn } from "node:child_process";
import { once } from "node:events";
import { opendirSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { NO_DIRECTORY_SYNC, storeError } from "./durable.ts";
import { errnoOf } from "./fs.ts";

/** Files and directories up to which each is synced by itself: no process has to start, and nobody else's writes are waited for. */
const FEW = 16;

/**
 * Makes everything below a directory durable: a few files by an fsync each, many by one syncfs through coreutils `sync -f`, which is 10
 * times cheaper than an fsync for each; where that command is missing or refuses, each file and then its directory.
 */
export async function syncTree(root: string): Promise<void> {
  try {
    if ((await syncFew(root)) || (await syncFileSystem(root))) return;
    for (const path of contentOf(root)) await syncOne(path);
  } catch (error) {
    throw storeError("sync", root, error);
  }
}

/** Every file, and every directory after what is in it. What a link is stands in its directory. */
function* contentOf(directory: string): Generator<string> {
  const entries = opendirSync(directory);
  try {
    for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) yield* contentOf(path);
      else if (entry.isFile()) yield path;
    }
  } finally {
    entries.closeSync();
  }
  yield directory;
}

/** False when there are many, or one that we may not open, or that this volume does not sync by itself. */
async function syncFew(root: string): Promise<boolean> {
  const paths: string[] = [];
  for (const path of contentOf(root)) if (paths.push(path) > FEW) return false;
  const opened = await Promise.allSettled(paths.map((path) => open(path, "r")));
  const handles = opened.filter((result) => result.status === "fulfilled").map(({ value }) => value);
  try {
    if (handles.length < paths.length) return false;
    const synced = await Promise.allSettled(handles.map((handle) => handle.sync()));
    const faults = synced.filter((result) => result.status === "rejected").map(({ reason }): unknown => reason);
    // What a volume could not write it may report only once: no second way makes up for it.
    const fault = faults.find((reason) => !NO_DIRECTORY_SYNC.has(errnoOf(reason) ?? ""));
    if (fault !== undefined) throw fault;
    return faults.length === 0;
  } finally {
    await Promise.all(handles.map((handle) => handle.close()));
  }
}

async function syncFileSystem(root: string): Promise<boolean> {
  const child = spawn("sync", ["-f", root], { stdio: "ignore" });
  try {
    const [code] = (await once(child, "exit")) as [number | null];
    return code === 0;
  } catch {
    return false;
  }
}

async function syncOne(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
