import { spawn } from "node:child_process";
import { watch } from "node:fs";
import { constants } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { type Environment, loadConfig } from "../config/load.ts";
import { describeError, DockerloaderError, EXIT } from "../errors.ts";
import { layoutOf, type Layout } from "../layout.ts";
import { createWinstonLogger, type Logger } from "../log/logger.ts";
import { readLinks } from "../store/index.ts";

/** Without an event the link is looked at this often, in milliseconds. */
const POLL_MS = 250;

/**
 * `cli ARGS`: replaces this process by the committed version's entrypoint, called as `entrypoint cli ARGS`. Waits for
 * the first download. The link is resolved once: an update in between cannot mix two versions. Stdout is the app's.
 */
export async function passThrough(args: readonly string[], env: Environment): Promise<number> {
  const config = loadConfigOrReport(env);
  if (typeof config === "number") return config;
  const log = createWinstonLogger({
    level: config.logLevel,
    format: config.logFormat,
    component: "cli",
    stderrOnly: true,
    env,
  });
  const layout = layoutOf(config.dataDir);
  const digest = await waitForEntrypoint(layout, config.cliWaitSecs * 1000, log);
  if (digest === undefined) {
    log.emit({
      type: "loader.failed",
      code: "NOT_RUNNING",
      message: "entrypoint not found after waiting; is the supervisor running?",
    });
    return EXIT.notRunning;
  }
  const { DOCKERLOADER_TRIAL: _, ...rest } = env;
  return become(layout.executable(digest), [layout.entrypoint, "cli", ...args], {
    ...rest,
    DOCKERLOADER_DIGEST: digest,
  });
}

function loadConfigOrReport(env: Environment): ReturnType<typeof loadConfig> | number {
  try {
    return loadConfig(env);
  } catch (error) {
    process.stderr.write(`Error: ${describeError(error)}\n`);
    return error instanceof DockerloaderError ? error.exitCode : EXIT.internal;
  }
}

async function waitForEntrypoint(layout: Layout, waitMs: number, log: Logger) {
  const deadline = performance.now() + waitMs;
  const links = readLinks(layout);
  for (let first = true; ; first = false) {
    const digest = links.digest("entrypoint");
    const left = deadline - performance.now();
    if (digest !== undefined || left <= 0) return digest;
    if (first) log.emit({ type: "cli.waiting" });
    await changeOrPause(layout.dataDir, Math.min(POLL_MS, left));
  }
}

/** Resolves at the next change of the directory, or after the pause when none is seen (or there is no directory yet). */
async function changeOrPause(directory: string, ms: number): Promise<void> {
  const over = new AbortController();
  const changed = new Promise<void>((resolve) => {
    try {
      watch(directory, { signal: over.signal }, () => resolve()).on("error", () => {});
    } catch {
      // Not there yet: only the pause ends.
    }
  });
  await Promise.race([changed, delay(ms, undefined, { signal: over.signal })]);
  over.abort();
}

/** Replaces this process; where Node cannot do that yet, runs the program and ends as it does. */
function become(path: string, argv: readonly string[], env: Environment): Promise<number> {
  const clean = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  if (process.execve !== undefined) process.execve(path, [...argv], clean);
  return new Promise((resolve) => {
    const child = spawn(path, argv.slice(1), { argv0: argv[0] ?? path, env: clean, stdio: "inherit" });
    child.once("error", (error) => {
      process.stderr.write(`Error: cannot start ${path}: ${error.message}\n`);
      resolve(EXIT.notFound);
    });
    child.once("exit", (code, signal) => resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]));
  });
}
