import { type Digest, isDigest } from "../digest.ts";
import { DockerloaderError, EXIT } from "../errors.ts";
import { createJournalLogger } from "../log/journal.ts";
import { forgetFailures, lockOrThrow, openStore, type Store } from "../store/index.ts";
import { type Command, JSON_OPTION, printJson } from "./command.ts";

/** Takes failures back and tells the event stream of each. The caller holds the store's lock. */
export function forgetVersions(store: Store, digest: Digest | undefined): readonly Digest[] {
  const forgotten = forgetFailures(store, digest);
  const journal = createJournalLogger(store, "cli");
  for (const one of forgotten) journal.emit({ type: "version.forgotten", digest: one });
  return forgotten;
}

/** Lets a version that failed be tried once more: at the next check, as if it were new. */
export const forget: Command<{ digest: string | undefined; all: boolean; json: boolean }> = {
  command: "forget [digest]",
  describe: "let a version that failed be tried again",
  positionals: { digest: { type: "string", describe: "the version, as `dockerloader status` shows it" } },
  options: { ...JSON_OPTION, all: { type: "boolean", default: false, describe: "every version that failed" } },
  run: async ({ digest, all, json }, { config }) => {
    if ((digest === undefined) !== all) {
      throw new DockerloaderError("USAGE", "name either one digest or --all", { hint: "see dockerloader status" });
    }
    if (digest !== undefined && !isDigest(digest)) {
      throw new DockerloaderError("USAGE", `${JSON.stringify(digest)} is no digest (sha256: and 64 hex digits)`);
    }
    const store = openStore(config().dataDir);
    const lock = lockOrThrow(store.fs, store.layout.storeLock, "update or clean-up");
    try {
      const forgotten = forgetVersions(store, digest);
      if (json) printJson({ forgotten });
      else process.stdout.write(forgotten.length === 0 ? "nothing to forget\n" : `forgot ${forgotten.join(", ")}\n`);
    } finally {
      lock.release();
    }
    return EXIT.ok;
  },
};
