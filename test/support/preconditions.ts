import { spawnSync } from "node:child_process";
import { accessSync, closeSync, constants, openSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The path of a program of that name on the PATH. */
export function findProgram(program: string): string | undefined {
  const directories = (process.env["PATH"] ?? "").split(":");
  return directories
    .map((directory) => join(directory, program))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function unmet(what: string, programs: readonly string[]): string | undefined {
  if (process.getuid?.() !== 0) return `${what} need root`;
  const missing = programs.filter((program) => findProgram(program) === undefined);
  return missing.length === 0 ? undefined : `${what} need ${missing.join(", ")} (apt-get install)`;
}

/**
 * The options of a suite that needs root and these programs: skipped with the reason where they are missing.
 * In CI nothing may be skipped: there a missing precondition throws.
 */
export const needs = (what: string, programs: readonly string[]): { readonly skip?: string } =>
  skippedFor(unmet(what, programs));

/** The same of a suite that mounts a file system, which not every kernel has. */
export function needsFileSystem(type: string): { readonly skip?: string } {
  const known = (): boolean => readFileSync("/proc/filesystems", "utf8").includes(`\t${type}\n`);
  const found = known() || (spawnSync("modprobe", [type]).status === 0 && known());
  return skippedFor(found ? undefined : `this kernel has no ${type}`);
}

/** The same of a suite with a file system in a process. Containers often lack the device, so that it is skipped in CI too. */
export function needsFuse(): { readonly skip?: string } {
  try {
    closeSync(openSync("/dev/fuse", "r+"));
    return {};
  } catch {
    return { skip: "this machine has no usable /dev/fuse" };
  }
}

function skippedFor(reason: string | undefined): { readonly skip?: string } {
  if (reason === undefined) return {};
  if (process.env["CI"] === "true") throw new Error(reason);
  return { skip: reason };
}
