import { accessSync, constants } from "node:fs";
import { join } from "node:path";

const TOOLS = ["podman", "buildah", "runc", "docker-registry", "debootstrap", "tar", "npm"] as const;

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

function unmet(): string | undefined {
  if (process.getuid?.() !== 0) return "the container tests need root";
  const missing = TOOLS.filter((tool) => findProgram(tool) === undefined);
  if (missing.length > 0) return `the container tests need ${missing.join(", ")} (apt-get install)`;
  return undefined;
}

/**
 * The options of a suite that needs real containers: skipped with the reason where they cannot run.
 * In CI nothing may be skipped: there a missing precondition throws.
 */
export function needsContainers(): { readonly skip?: string } {
  const reason = unmet();
  if (reason === undefined) return {};
  if (process.env["CI"] === "true") throw new Error(reason);
  return { skip: reason };
}
