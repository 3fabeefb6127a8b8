import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as quiet } from "node:timers/promises";
import { listenTo } from "./hear.ts";

/** What one start of a program costs. Milliseconds and mebibytes. */
export interface Sample {
  readonly startWallMs: number;
  readonly startCpuMs: number;
  readonly idleRssMb: number;
  readonly idlePrivateMb: number;
  readonly restartGapMs: number;
}

/** Quiet time before memory is read, in milliseconds. */
const QUIET_MS = 1_000;
const SETTLE_MS = 100;
const TICKS_PER_SECOND = 100;

/** CPU time a process has used, user and system, from proc(5). */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

function memoryMb(pid: number): { rss: number; dirty: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
  return { rss: kib("Rss") / 1024, dirty: kib("Private_Dirty") / 1024 };
}

/**
 * Starts a program that runs the bench's app, waits for the app, lets it be quiet, has it restarted once by exit 42,
 * and ends it. The app says `up` when it starts and `bye` before it exits.
 */
export async function sample(command: readonly [string, ...string[]], env: NodeJS.ProcessEnv): Promise<Sample> {
  const [program, ...args] = command;
  const started = performance.now();
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "ignore"] });
  const exited = once(child, "exit");
  const { until } = listenTo(child.stdout);
  try {
    const up = await until("up");
    await quiet(QUIET_MS);
    const pid = child.pid ?? 0;
    const startCpuMs = cpuMs(pid);
    const { rss, dirty } = memoryMb(pid);
    child.kill("SIGUSR1");
    const bye = await until("bye");
    const restartGapMs = (await until("up")) - bye;
    // The shell of the app misses a signal that comes between its trap and its wait.
    await quiet(SETTLE_MS);
    child.kill("SIGTERM");
    await exited;
    return { startWallMs: up - started, startCpuMs, idleRssMb: rss, idlePrivateMb: dirty, restartGapMs };
  } finally {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  }
}
