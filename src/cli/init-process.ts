import { existsSync } from "node:fs";
import type { Logger } from "../log/logger.ts";

const INIT_PROGRAMS = ["/usr/bin/tini", "/sbin/tini", "/usr/bin/tini-static"] as const;

/**
 * Node as PID 1 reaps no orphans. Started bare as PID 1 the loader replaces itself by `tini -- loader`; where there is
 * no tini it says what that means and goes on. Returns only when nothing was replaced.
 */
export function reexecuteUnderInit(log: Logger, self: readonly [string, ...string[]]): void {
  if (process.pid !== 1) return;
  const init = INIT_PROGRAMS.find((path) => existsSync(path));
  if (init !== undefined && process.execve !== undefined) {
    process.execve(init, [init, "--", ...self, ...process.argv.slice(2)], process.env);
  }
  log.emit({
    type: "loader.warning",
    message:
      "running as PID 1 without an init process: orphans of the app will stay as zombies; start the container with --init or put tini in front",
  });
}
