import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../../support/preconditions.ts";

const SOURCE = join(import.meta.dirname, "shim.c");
/** The first page of the shared file: the shim maps it whole. */
const COUNTER_BYTES = 4096;

/** What to do at one call. `sticky`: the volume stays like that for every later call. */
export type Disturbance =
  | { readonly kind: "kill" }
  | { readonly kind: "cut"; readonly flushJournal: boolean }
  | { readonly kind: "error"; readonly errno: ErrnoName; readonly sticky: boolean };

export type ErrnoName = "EIO" | "ENOSPC" | "EROFS" | "EDQUOT";
const ERRNO: Record<ErrnoName, number> = { EIO: 5, ENOSPC: 28, EROFS: 30, EDQUOT: 122 };

/** One call that changed, or was to change, something below the data directory. */
export interface Call {
  readonly number: number;
  readonly pid: number;
  /** The command that made it (`run`, `fetch`, `check` ...), or the program. */
  readonly role: string;
  readonly name: string;
  /** The call was disturbed. */
  readonly hit: boolean;
  /** Below the data directory. */
  readonly path: string;
}

export interface Plan {
  /** The call to disturb, from 1. */
  readonly at?: number;
  readonly how?: Disturbance;
  /** Calls on paths with one of these words in them do not count. */
  readonly skip?: readonly string[];
  /** Only calls of this role count. */
  readonly role?: string;
}

export interface Shim {
  /** The environment of a process tree whose calls below `directory` are counted. Counting begins anew. */
  readonly env: (directory: string, plan?: Plan) => Record<string, string>;
  readonly calls: () => Call[];
}

/** Why the shim cannot be built here; undefined when it can. */
export function shimMissing(): string | undefined {
  if (process.platform !== "linux") return "the shim is for Linux";
  if (findProgram("gcc") === undefined) return "no gcc to build the shim with (apt-get install gcc libc6-dev)";
  return undefined;
}

/** The options of a test that needs the shim: skipped with the reason; in CI nothing may be skipped. */
export function needsShim(): { readonly skip?: string } {
  const reason = shimMissing();
  if (reason === undefined) return {};
  if (process.env["CI"] === "true") throw new Error(reason);
  return { skip: reason };
}

/** Builds the shim into a folder; it counts into files there. */
export function buildShim(folder: string): Shim {
  const library = join(folder, "shim.so");
  const counter = join(folder, "counter");
  const log = join(folder, "calls");
  const built = spawnSync("gcc", ["-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", library, SOURCE, "-ldl"], {
    encoding: "utf8",
  });
  if (built.status !== 0) throw new Error(`the shim does not compile:\n${built.stderr}`);
  return {
    env: (directory, { at = 0, how, skip = [], role } = {}) => {
      writeFileSync(counter, Buffer.alloc(COUNTER_BYTES));
      writeFileSync(log, "");
      return {
        LD_PRELOAD: library,
        SHIM_DIR: directory,
        SHIM_COUNTER: counter,
        SHIM_LOG: log,
        SHIM_AT: String(at),
        ...(how === undefined ? {} : orders(how)),
        ...(skip.length === 0 ? {} : { SHIM_SKIP: skip.join(":") }),
        ...(role === undefined ? {} : { SHIM_ROLE: role }),
      };
    },
    calls: () => readFileSync(log, "utf8").split("\n").flatMap(parseCall),
  };
}

function orders(how: Disturbance): Record<string, string> {
  if (how.kind === "kill") return { SHIM_DO: "kill" };
  if (how.kind === "cut") return { SHIM_DO: "cut", SHIM_CUT: how.flushJournal ? "1" : "2" };
  return { SHIM_DO: String(ERRNO[how.errno]), ...(how.sticky ? { SHIM_STICKY: "1" } : {}) };
}

function parseCall(line: string): Call[] {
  const [, number, pid, role = "", name = "", hit, path = ""] = /^(\d+) (\d+) (\S+) (\w+)(!?) (.*)$/.exec(line) ?? [];
  if (number === undefined) return [];
  return [{ number: Number(number), pid: Number(pid), role, name, hit: hit === "!", path }];
}
