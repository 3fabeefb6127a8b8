import { writeSync } from "node:fs";
import type { Config } from "../config/table.ts";
import { EXIT, toDockerloaderError, DockerloaderError } from "../errors.ts";
import { createJournalLogger, tee } from "../log/journal.ts";
import { pullImage } from "../pull/pull.ts";
import { linkFacts, lockOrThrow, openStore } from "../store/index.ts";
import type { FetchReport } from "../supervisor/bootstrap.ts";
import { openUnpacker } from "../unpack/index.ts";
import type { UnpackThread } from "../unpack/thread.ts";
import type { CommandContext } from "./command.ts";
import { repairStable } from "./repair.ts";

const REPORT_FD = 3;

/** What `fetch` does, with a thread that may be started already. Resolves with the exit code; the loader reads the report of a failure. */
export async function fetchAction({ env, config, log }: CommandContext, thread?: UnpackThread): Promise<number> {
  const settings = config();
  const stop = new AbortController();
  process.once("SIGTERM", () => stop.abort());
  process.once("SIGINT", () => stop.abort());
  try {
    // Its thread starts while this one gets the rest ready.
    using unpacker = openUnpacker(thread);
    const store = openStore(settings.dataDir);
    const lock = lockOrThrow(store.fs, store.layout.storeLock, "update or clean-up");
    try {
      const reported = tee(log("events"), createJournalLogger(store, "cli"));
      const options = { config: settings, env, log: reported, signal: stop.signal, unpacker };
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
}

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
