#!/usr/bin/env node
/**
 * The process entry. `run` and `cli` take a short way that loads neither yargs nor the registry client, what loader and apps call
 * again and again one without yargs; everything else is loaded on demand.
 */
import { basename } from "node:path";
import { flush } from "./cli/flush.ts";
import type { PlainName } from "./cli/plain.ts";
import { refuseDebugger } from "./debugger.ts";
import { startUnpackThread } from "./unpack/thread.ts";

/** Milliseconds that the loader's last lines get to reach a reader that is slow. */
const LAST_WORDS_MS = 1_000;

/** This program, callable again by a child process. */
const [interpreter, program = ""] = process.argv;
const self = [interpreter ?? process.execPath, ...process.execArgv, program] as [string, ...string[]];

/** The arguments behind an optional `--`. */
function afterDashes(args: readonly string[]): readonly string[] {
  return args[0] === "--" ? args.slice(1) : args;
}

/** The loader itself: the default. */
function isRun(command: string | undefined): boolean {
  return command === undefined || command === "--" || command === "run";
}

const PLAIN: readonly string[] = ["check", "ready", "gc"] satisfies PlainName[];

function isPlain(command: string | undefined): command is PlainName {
  return command !== undefined && PLAIN.includes(command);
}

async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  const { env } = process;
  if (basename(program) === "cli" || basename(process.argv0) === "cli") {
    const { passThrough } = await import("./cli/pass-through.ts");
    return passThrough(args, env);
  }
  if (command === "cli") {
    const { passThrough } = await import("./cli/pass-through.ts");
    return passThrough(rest, env);
  }
  if (isRun(command) && !(command === "run" && rest.includes("--help"))) {
    const { run } = await import("./cli/run.ts");
    return run({ env, args: afterDashes(command === "run" ? rest : args), self });
  }
  if (command === "fetch" && rest.length === 0) {
    // It starts while the rest is read.
    const thread = startUnpackThread();
    const { firstDownload } = await import("./cli/first-download.ts");
    return firstDownload(env, thread);
  }
  if (isPlain(command) && rest.length === 0) {
    const { runPlain } = await import("./cli/plain.ts");
    return runPlain(command, env);
  }
  const { runCommand } = await import("./cli/commands.ts");
  return runCommand(args, env);
}

// Node opens its debugger port on SIGUSR1 unless somebody listens, also for one that came while it was starting.
refuseDebugger();

// A reader that went away (a closed log pipe) must not take the app down with it.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

const exitCode = await main(process.argv.slice(2));
await flush(isRun(process.argv[2]) ? LAST_WORDS_MS : undefined);
process.exit(exitCode);
