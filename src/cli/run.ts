import { configError, type Environment, readConfig } from "../config/load.ts";
import { unknownVariables } from "../config/unknown.ts";
import { describeError, DockerloaderError, EXIT } from "../errors.ts";
import { layoutOf } from "../layout.ts";
import { createWinstonLogger, type Logger } from "../log/logger.ts";
import { parseTarget } from "../registry/target.ts";
import { dataDirFault, nothingOnDisk } from "../store/index.ts";
import { supervise } from "../supervisor/index.ts";
import { downloadCommand, type Self } from "./download-command.ts";
import { reexecuteUnderInit } from "./init-process.ts";

/** Signals that end the loader, and signals that are the app's business. */
const STOP_SIGNALS = ["SIGTERM", "SIGINT"] as const;
const PASSED_SIGNALS = ["SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGCONT"] as const;

export interface RunOptions {
  readonly env: Environment;
  /** The app's arguments. */
  readonly args: readonly string[];
  /** This program: how to call it again. */
  readonly self: Self;
}

/** `dockerloader run`: the loader itself. Resolves with the exit code of the process. */
export async function run({ env, args, self }: RunOptions): Promise<number> {
  const { config, faults } = readConfig(env);
  const log = createWinstonLogger({ level: config.logLevel, format: config.logFormat, component: "loader", env });
  const all = [...faults, ...worldFaults(config.dataDir, config.target)];
  if (all.length > 0) return fail(log, configError(all));
  reexecuteUnderInit(log, self);
  for (const message of unknownVariables(env)) log.emit({ type: "loader.warning", message });

  try {
    const supervisor = supervise({
      config,
      env,
      args,
      fetchCommand: downloadCommand(self),
      observeCommand: [...self, "observe"],
      log,
      random: Math.random,
    });
    for (const signal of STOP_SIGNALS) process.on(signal, () => supervisor.shutdown(signal));
    for (const signal of PASSED_SIGNALS) process.on(signal, () => supervisor.signal(signal));
    process.on("uncaughtException", supervisor.fail);
    return await supervisor.done;
  } catch (error) {
    return fail(log, error);
  }
}

/** What is wrong outside of the settings themselves, one sentence each. */
function worldFaults(dataDir: string, target: string | undefined): string[] {
  const faults: string[] = [];
  const directory = dataDirFault(dataDir);
  if (directory !== undefined) faults.push(directory);
  if (target === undefined) {
    if (directory !== undefined || nothingOnDisk(layoutOf(dataDir))) {
      faults.push(
        "DOCKERLOADER_TARGET is not set, and there is no version on disk: set it to an image, e.g. registry.example.com/team/app:stable",
      );
    }
    return faults;
  }
  try {
    parseTarget(target);
  } catch (error) {
    faults.push(`DOCKERLOADER_TARGET=${JSON.stringify(target)}: ${describeError(error)}`);
  }
  return faults;
}

function fail(log: Logger, error: unknown): number {
  const known = error instanceof DockerloaderError;
  log.emit({ type: "loader.failed", code: known ? error.code : "INTERNAL", message: describeError(error) });
  return known ? error.exitCode : EXIT.internal;
}
