import { spawn } from "node:child_process";
import { watch } from "node:fs";
import { constants } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { type Environment, loadConfig } from "../config/load.ts";
import type { Digest } from "../digest.ts";
import { describeError, DockerloaderError, EXIT } from "../errors.ts";
import { layoutOf, type Layout } from "../layout.ts";
import { createWinstonLogger, type Logger } from "../log/logger.ts";
import { type Lease, openStore, readLinks, takeLease } from "../store/index.ts";

const TERMINAL_SIGNALS = ["SIGINT", "SIGQUIT"] as const;
const PASSED_SIGNALS = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"] as const;

/** Without an event the link is looked at this often, in milliseconds. */
const POLL_MS = 250;

/**
 * `cli ARGS`: runs the committed version's entrypoint, called as `entrypoint cli ARGS`, and ends as it does. Waits for
 * the first download. The link is resolved once and the session holds a lease on that tree, so an update in between
 * neither mixes two versions nor pulls the files away. Stdout is the app's.
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
  const { version, lease } = leaseStable(layout, digest);
  const argv = [layout.entrypoint, "cli", ...args];
  return runToItsEnd(layout.executable(version), argv, { ...rest, DOCKERLOADER_DIGEST: version }, lease);
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

/** A lease on the version that is stable when the lease holds: an update may come between the look and the lease. */
function leaseStable(layout: Layout, seen: Digest): { version: Digest; lease: Lease | undefined } {
  const store = openStore(layout.dataDir, { create: false });
  for (let version = seen; ;) {
    const lease = takeLease(store, version);
    const now = store.links.digest("entrypoint");
    if (now === undefined || now === version) return { version, lease };
    lease?.release();
    version = now;
  }
}

/**
 * Runs the program with the lease among its descriptors: the kernel drops it with the last process of the session.
 * execve(2) would be simpler and lose it, because Node opens everything close-on-exec.
 */
function runToItsEnd(
  path: string,
  argv: readonly string[],
  env: Environment,
  lease: Lease | undefined,
): Promise<number> {
  return new Promise((resolve) => {
    const stdio = ["inherit", "inherit", "inherit", ...(lease === undefined ? [] : [lease.fd])] as const;
    const child = spawn(path, argv.slice(1), { argv0: argv[0] ?? path, env: { ...env }, stdio: [...stdio] });
    // The terminal sends its signals to both; the child decides what they mean.
    for (const signal of TERMINAL_SIGNALS) process.on(signal, () => {});
    for (const signal of PASSED_SIGNALS) process.on(signal, () => void child.kill(signal));
    child.once("error", (error) => {
      process.stderr.write(`Error: cannot start ${path}: ${error.message}\n`);
      resolve(EXIT.notFound);
    });
    child.once("exit", (code, signal) => resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]));
  });
}
