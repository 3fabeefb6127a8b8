import { createLogger, format, transports } from "winston";
import type { Config } from "../config/table.ts";
import { describeEvent } from "./messages.ts";
import { formatJson, formatPretty } from "./format.ts";
import type { LoaderEvent } from "./events.ts";

/** The port through which everything is reported. Never throws, never blocks. */
export interface Logger {
  readonly emit: (event: LoaderEvent) => void;
}

export interface LoggerOptions {
  readonly level: Config["logLevel"];
  readonly format: Config["logFormat"];
  readonly component: "loader" | "app" | "cli";
  /** True: every line goes to stderr, because stdout carries data (commands, `cli`). */
  readonly stderrOnly?: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Colours: NO_COLOR wins, then FORCE_COLOR, then whether the stream is a terminal (no-color.org). */
function wantsColour(env: LoggerOptions["env"], terminal: boolean): boolean {
  if (env["NO_COLOR"]) return false;
  if (env["FORCE_COLOR"] && env["FORCE_COLOR"] !== "0") return true;
  return terminal && env["TERM"] !== "dumb";
}

/** The winston adapter of the port: errors to stderr, everything else to stdout unless `stderrOnly`. */
export function createWinstonLogger(options: LoggerOptions): Logger {
  const stream = options.stderrOnly === true ? process.stderr : process.stdout;
  const terminal = stream.isTTY;
  const pretty = options.format === "pretty" || (options.format === "auto" && terminal);
  const colours = wantsColour(options.env, terminal);
  const logger = createLogger({
    level: options.level,
    format: format.printf((info) => String(info["line"])),
    transports: [
      new transports.Console({
        forceConsole: false,
        stderrLevels: options.stderrOnly === true ? ["error", "warn", "info", "debug"] : ["error"],
      }),
    ],
  });
  return {
    emit(event) {
      const { level, message } = describeEvent(event);
      if (!logger.isLevelEnabled(level)) return;
      const line = {
        time: new Date(),
        level,
        message,
        component: options.component,
        pid: process.pid,
        event,
      };
      logger.log({ level, message, line: pretty ? formatPretty(line, colours) : formatJson(line) });
    },
  };
}

/** A logger that reports nothing. */
export const silentLogger: Logger = { emit: () => {} };
