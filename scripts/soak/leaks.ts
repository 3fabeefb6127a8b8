import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { layoutOf } from "../../src/layout.ts";

/** What grows when something leaks. */
export interface Usage {
  /** Bytes of all files, a content with several names counted once; journals, which have bounds of their own, excepted. */
  readonly bytes: number;
  readonly names: number;
  /** Open descriptors of the loader. */
  readonly descriptors: number;
  readonly timers: number;
  /** Processes that belong to this volume, the loader included. */
  readonly processes: number;
  readonly zombies: number;
  readonly residentBytes: number;
}

const JOURNAL = /\.jsonl(\.1)?$/;
const PAGE_BYTES = 4096;

export function usageOf(dataDir: string, loader: number, resources: string): Usage {
  const seen = new Set<number>();
  let bytes = 0;
  let names = 0;
  const walk = (path: string): void => {
    for (const name of readdirSync(path)) {
      const full = join(path, name);
      const stat = lstatSync(full, { throwIfNoEntry: false });
      if (stat === undefined || JOURNAL.test(name)) continue;
      names += 1;
      if (stat.isDirectory()) walk(full);
      else if (!seen.has(stat.ino)) bytes += stat.size;
      seen.add(stat.ino);
    }
  };
  walk(dataDir);
  const ours = processesOf(dataDir);
  const statm = readFileSync(`/proc/${loader}/statm`, "utf8").split(" ");
  return {
    bytes,
    names,
    descriptors: readdirSync(`/proc/${loader}/fd`).length,
    timers: timersIn(resources, loader),
    processes: ours.length,
    zombies: zombiesOf(loader),
    residentBytes: Number(statm[1]) * PAGE_BYTES,
  };
}

/** Failure records are kept for the newest 64: they count, a version's other files do not. */
export const failuresOf = (dataDir: string): string[] => readdirSync(layoutOf(dataDir).failed);

/** Every process with this data directory in its environment. */
function processesOf(dataDir: string): number[] {
  const needle = `DOCKERLOADER_DATA_DIR=${dataDir}\0`;
  return pids().filter((pid) => readProc(pid, "environ").includes(needle));
}

const zombiesOf = (loader: number): number =>
  pids().filter((pid) => new RegExp(`^\\d+ \\(.*\\) Z ${loader} `, "s").test(readProc(pid, "stat"))).length;

const pids = (): number[] =>
  readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0);

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return "";
  }
}

/** 0 when this loader has not written yet. */
function timersIn(resources: string, loader: number): number {
  try {
    const { pid, kinds } = JSON.parse(readFileSync(resources, "utf8")) as {
      pid: number;
      kinds: Record<string, number>;
    };
    return pid === loader ? (kinds["Timeout"] ?? 0) : 0;
  } catch {
    return 0;
  }
}
