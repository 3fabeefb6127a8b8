import type { Options, PositionalOptions } from "yargs";
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
  /** The name and its arguments, e.g. `pull <ref>`. */
  readonly command: string;
  /** At most 44 characters: one line each, so that the help fits a screen. False: not shown in the help. */
  readonly describe: string | false;
  readonly options?: Readonly<Record<string, Options>>;
  readonly positionals?: Readonly<Record<string, PositionalOptions>>;
  /** Command lines and what they do, for the command's own help. */
  readonly examples?: readonly (readonly [string, string])[];
  readonly run: (args: T, context: CommandContext) => Promise<number>;
}

/** The option of every command that prints data. */
export const JSON_OPTION = {
  json: { type: "boolean", default: false, describe: "print data as JSON, nothing else on stdout" },
} as const;

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

/** Prints an answer as JSON on stdout. Its shape is pinned in `shapes.ts`; `schema` counts up when that breaks. */
export function printJson(answer: object): void {
  process.stdout.write(`${JSON.stringify({ schema: 1, ...answer }, undefined, 2)}\n`);
}

/** Prints lines on stdout. */
export function printLines(lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}
