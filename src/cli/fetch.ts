import { writeSync } from "node:fs";
import type { Config } from "../config/table.ts";
import { EXIT, toDockerloaderError, DockerloaderError } from "../errors.ts";
import { createJournalLogger, tee } from "../log/journal.ts";
import { linkFacts, lockOrThrow, openStore } from "../store/index.ts";
import type { FetchReport } from "../supervisor/bootstrap.ts";
import type { Command } from "./command.ts";

const REPORT_FD = 3;

/** The first download or the repair of a broken stable version, in a process of its own; the loader starts it and reads the report on file descriptor 3. */
export const fetch: Command<object> = {
  command: "fetch",
  describe: false,
  run: async (_args, { env, config, log }) => {
    const { pullImage } = await import("../pull/pull.ts");
    const { repairStable } = await import("./repair.ts");
    const settings = config();
    const stop = new AbortController();
    process.once("SIGTERM", () => stop.abort());
    process.once("SIGINT", () => stop.abort());
    try {
      const store = openStore(settings.dataDir);
      const lock = lockOrThrow(store.fs, store.layout.storeLock, "update or clean-up");
      try {
        const reported = tee(log("events"), createJournalLogger(store, "cli"));
        const options = { config: settings, env, log: reported, signal: stop.signal };
        const broken = store.links.digest("entrypoint");
        const digest =
          broken === undefined
            ? await pullImage(store, requireTarget(settings), options)
            : await repairStable(store, broken, options);
        store.links.point("entrypoint", digest);
        reported.emit({ type: "store.links", ...linkFacts(store) });
      } finally {
        lock.release();
      }
      return EXIT.ok;
    } catch (thrown) {
      const { code, message, hint, retryable, exitCode } = toDockerloaderError(thrown);
      const report: FetchReport = { code, message: hint === undefined ? message : `${message}; ${hint}`, retryable };
      reportToLoader(report);
      return exitCode;
    }
  },
};

function requireTarget({ target }: Config): string {
  if (target !== undefined) return target;
  throw new DockerloaderError("CONFIG_INVALID", "DOCKERLOADER_TARGET is not set");
}

/** Started by hand there is no loader to report to: then the report goes to stderr. */
function reportToLoader(report: FetchReport): void {
  const line = `${JSON.stringify(report)}\n`;
  try {
    writeSync(REPORT_FD, line);
  } catch {
    process.stderr.write(line);
  }
}
