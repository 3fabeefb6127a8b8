import { DockerloaderError, EXIT } from "../errors.ts";
import { createJournalLogger } from "../log/journal.ts";
import { isLoaderRunning, linkFacts, lockOrThrow, openStore, revert } from "../store/index.ts";
import { type Command, JSON_OPTION, printJson } from "./command.ts";

/** The way back by hand. A running loader sees the links change, stops its app and starts the version before it. */
export const rollback: Command<{ json: boolean }> = {
  command: "rollback",
  describe: "go back to the previous version",
  options: JSON_OPTION,
  run: async ({ json }, { config }) => {
    const store = openStore(config().dataDir);
    const lock = lockOrThrow(store.fs, store.layout.storeLock, "update or clean-up");
    try {
      const from = store.links.digest("entrypoint");
      if (from === undefined) throw new DockerloaderError("NOTHING_TO_RUN", "there is no version to go back from");
      if (store.links.read("attempting").kind !== "absent") {
        throw new DockerloaderError("STORE_LOCKED", "a trial is in progress: it decides by itself", {
          hint: "wait until it has ended",
        });
      }
      const to = await revert(store, {
        digest: from,
        reason: { kind: "rolled-back" },
        thorough: true,
        now: new Date(),
      });
      const log = createJournalLogger(store, "cli");
      const blamed = store.records.failure(from);
      if (blamed !== undefined) log.emit({ type: "version.blamed", ...blamed });
      log.emit({ type: "store.links", ...linkFacts(store) });
      log.emit({ type: "rollback.finished", digest: to });
      const running = isLoaderRunning(store);
      if (json) printJson({ from, to, running });
      else {
        const when = running ? "the loader starts it now" : "it runs at the next start of the loader";
        process.stdout.write(`rolled back from ${from} to ${to}; ${when}\n`);
      }
    } finally {
      lock.release();
    }
    return EXIT.ok;
  },
};
