import { spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { DockerloaderError, ERROR_CODES, type ErrorCode } from "../errors.ts";
import type { Environment } from "../config/load.ts";
import { LIMITS } from "../limits.ts";
import type { Logger } from "../log/logger.ts";

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
const OF_THE_VOLUME: ReadonlySet<ErrorCode> = new Set(["STORE_IO", "STORE_FULL"]);

export interface BootstrapOptions {
  /** The command that downloads: this program with the argument `fetch`. */
  readonly command: readonly [string, ...string[]];
  readonly env: Environment;
  readonly log: Logger;
  /** Ends the download: SIGTERM, then SIGKILL after the grace. */
  readonly signal: AbortSignal;
  readonly graceMs: number;
  readonly random: () => number;
}

/** What the downloading process reports on its file descriptor 3 when it fails: one JSON line. */
export interface FetchReport {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
}

/**
 * Downloads the first version in a process of its own: the long-lived loader never parses a byte of a registry.
 * What may pass by itself is tried again, for ever, after a random pause below a cap that doubles from 1 s to 60 s;
 * anything else rejects, and so does a volume that fails time after time: only who mounts it can mend it.
 * When it has settled, also by an abort, no process of it runs any more: nobody writes behind the loader's back.
 */
export async function bootstrap(options: BootstrapOptions): Promise<void> {
  let ofTheVolume = 0;
  for (let attempt = 1; ; attempt += 1) {
    const failure = await fetchOnce(options);
    if (failure === undefined) return;
    ofTheVolume = OF_THE_VOLUME.has(failure.code) ? ofTheVolume + 1 : 0;
    if (!failure.retryable || ofTheVolume >= LIMITS.volumeTries) throw failure;
    const cap = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
    const inMs = Math.round(options.random() * cap);
    options.log.emit({ type: "bootstrap.retrying", reason: failure.message, inMs, attempt });
    await delay(inMs, undefined, { signal: options.signal });
  }
}

function fetchOnce({ command, env, signal, graceMs }: BootstrapOptions): Promise<DockerloaderError | undefined> {
  const [program, ...args] = command;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const child = spawn(program, args, { env: { ...env }, stdio: ["ignore", "inherit", "inherit", "pipe"] });
    let grace: NodeJS.Timeout | undefined;
    const stop = (): void => {
      child.kill("SIGTERM");
      grace = setTimeout(() => child.kill("SIGKILL"), graceMs);
    };
    signal.addEventListener("abort", stop, { once: true });
    const over = (): void => {
      clearTimeout(grace);
      signal.removeEventListener("abort", stop);
    };
    let report = "";
    child.stdio[3]?.on("data", (chunk: Buffer) => (report += chunk.toString("utf8")));
    child.once("error", (error) => {
      over();
      reject(error);
    });
    child.once("close", (code, killedBy) => {
      over();
      if (signal.aborted) reject(signal.reason);
      else if (code === 0) resolve(undefined);
      else resolve(failureOf(report, code ?? killedBy ?? "nothing"));
    });
  });
}

/** The reported error; a process that died without a report (killed, out of memory) is worth another try. */
function failureOf(report: string, end: number | string): DockerloaderError {
  try {
    const { code, message, retryable } = JSON.parse(report) as FetchReport;
    if (Object.hasOwn(ERROR_CODES, code)) return new DockerloaderError(code, message, { retryable });
  } catch {
    // No report.
  }
  return new DockerloaderError("INTERNAL", `the download process ended with ${end}`, { retryable: true });
}
