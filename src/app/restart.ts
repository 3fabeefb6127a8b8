import { describeError, RESTART_EXIT_CODE } from "../errors.ts";
import { type Logger, silentLogger } from "../log/logger.ts";

/** Drains the app: stop accepting work, finish what is open. The process exits 42 when it settles. */
export type RestartHook = () => Promise<void> | void;

/** Asks the loader for a restart: exit code 42 after the hook. A hook that fails is reported and does not stop the restart. */
export async function restartAfter(hook: RestartHook | undefined, log: Logger): Promise<never> {
  try {
    await hook?.();
  } catch (error) {
    log.emit({ type: "loader.warning", message: `onRestart failed: ${describeError(error)}` });
  }
  process.exit(RESTART_EXIT_CODE);
}

/** Ends this process so that the loader starts what is staged (or this version again). Never resolves. */
export async function requestRestart(options: { readonly onRestart?: RestartHook } = {}): Promise<never> {
  return restartAfter(options.onRestart, silentLogger);
}
