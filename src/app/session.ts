import { type Environment, readConfig } from "../config/load.ts";
import type { Config } from "../config/table.ts";
import type { Digest } from "../digest.ts";
import { describeError } from "../errors.ts";
import { createJournalLogger, tee } from "../log/journal.ts";
import { createWinstonLogger, type Logger } from "../log/logger.ts";
import { openStore, type Store } from "../store/index.ts";
import { isCliMode } from "./cli-mode.ts";
import { ownDigest } from "./identity.ts";

/** Options that every function of the library takes. All optional: the environment says the rest. */
export interface AppOptions {
  /** Default: `process.env`. */
  readonly env?: Environment;
  /** Default: JSON lines (or pretty on a terminal) to stdout, errors to stderr; in CLI mode all to stderr. */
  readonly log?: Logger;
  readonly signal?: AbortSignal;
}

/** One look at where this process stands. Holds no state between calls: the links on disk are the truth. */
export interface Session {
  readonly env: Environment;
  readonly config: Config;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly trial: boolean;
  /** Undefined: this process does not run under a loader. */
  readonly supervised: { readonly digest: Digest; readonly store: Store } | undefined;
}

/** Reads configuration, identity and data directory. A faulty setting is reported and its default used: it never stops an app. */
export function openSession(options: AppOptions): Session {
  const env = options.env ?? process.env;
  const { config, faults } = readConfig(env);
  const said = options.log ?? defaultLogger(config, env);
  const { dataDir } = config;
  const digest = ownDigest({ env, execPath: process.execPath, main: process.argv[1], dataDir });
  const store = digest === undefined ? undefined : openVolume(dataDir, said);
  const log = store === undefined ? said : tee(said, createJournalLogger(store, "app"));
  for (const message of faults) log.emit({ type: "loader.warning", message: `${message}; using the default` });
  return {
    env,
    config,
    log,
    signal: options.signal ?? new AbortController().signal,
    trial: env["DOCKERLOADER_TRIAL"] !== undefined,
    supervised: digest === undefined || store === undefined ? undefined : { digest, store },
  };
}

/** A volume that takes no writes right now is looked at as it is: whatever then needs to write says so. */
function openVolume(dataDir: string, log: Logger): Store {
  try {
    return openStore(dataDir);
  } catch (error) {
    log.emit({ type: "loader.warning", message: describeError(error) });
    return openStore(dataDir, { create: false });
  }
}

/** In CLI mode stdout belongs to the app's answer: the log then goes to stderr. */
function defaultLogger({ logLevel: level, logFormat: format }: Config, env: Environment): Logger {
  return createWinstonLogger({ level, format, component: "app", stderrOnly: isCliMode() !== undefined, env });
}
