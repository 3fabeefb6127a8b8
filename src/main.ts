#!/usr/bin/env node
/**
 * The process entry. `run` and `cli` take a short way that loads neither yargs nor the registry client; everything else
 * is loaded on demand.
 */
import { basename } from "node:path";

/** This program, callable again by a child process. */
const [interpreter, program = ""] = process.argv;
const self = [interpreter ?? process.execPath, ...process.execArgv, program] as [string, ...string[]];

/** The arguments behind an optional `--`. */
function afterDashes(args: readonly string[]): readonly string[] {
  return args[0] === "--" ? args.slice(1) : args;
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
  if (command === undefined || command === "--" || (command === "run" && !rest.includes("--help"))) {
    const { run } = await import("./cli/run.ts");
    return run({ env, args: afterDashes(command === "run" ? rest : args), self });
  }
  const { runCommand } = await import("./cli/commands.ts");
  return runCommand(args, env);
}

// A reader that went away (a closed log pipe) must not take the app down with it.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

process.exit(await main(process.argv.slice(2)));
