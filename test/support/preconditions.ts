import { accessSync, constants } from "node:fs";
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
export function needs(what: string, programs: readonly string[]): { readonly skip?: string } {
  const reason = unmet(what, programs);
  if (reason === undefined) return {};
  if (process.env["CI"] === "true") throw new Error(reason);
  return { skip: reason };
}
