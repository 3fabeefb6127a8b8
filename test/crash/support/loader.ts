import { type ChildProcess, spawn } from "node:child_process";
import { collect, type Output } from "../../container/support/output.ts";
import type { Site } from "./site.ts";

export interface Loader extends Output {
  readonly process: ChildProcess;
}

/** Starts the built command on a site's data directory, under other programs if wanted, and does not wait for it. */
export function startLoader(
  site: Site,
  env: Readonly<Record<string, string>> = {},
  under: readonly string[] = [],
): Loader {
  const [program, ...args] = [...under, "dockerloader"];
  const child = spawn(program, args, {
    env: { ...site.env, DOCKERLOADER_TARGET: "127.0.0.1:1/app:1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { ...collect(child), process: child };
}
