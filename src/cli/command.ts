import type { Argv } from "yargs";
import { type Environment, loadConfig } from "../config/load.ts";
import type { Config } from "../config/table.ts";
import { createWinstonLogger, type Logger } from "../log/logger.ts";

/** What a command works with. Configuration and logger are made when they are asked for. */
export interface CommandContext {
  readonly env: Environment;
  /** Throws CONFIG_INVALID with every fault. */
  readonly config: () => Config;
  /** `data`: stdout carries data, so the log goes to stderr. `events`: the log is the output. */
  readonly log: (stdoutCarries: "data" | "events") => Logger;
}

/** One command of the program. `run` resolves with the exit code; what it throws is reported and mapped to its code. */
export interface Command<T> {
  readonly command: string;
  /** False: not shown in the help. */
  readonly describe: string | false;
  readonly builder: (argv: Argv) => Argv<T>;
  readonly run: (args: T, context: CommandContext) => Promise<number>;
}

export function createContext(env: Environment): CommandContext {
  const config = (): Config => loadConfig(env);
  return {
    env,
    config,
    log: (stdoutCarries) => {
      const { logLevel: level, logFormat: format } = config();
      return createWinstonLogger({ level, format, component: "cli", stderrOnly: stdoutCarries === "data", env });
    },
  };
}

/** Prints one value as JSON on stdout. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}
