import { EXIT } from "../errors.ts";
import { collectGarbage, lockOrThrow, openStore } from "../store/index.ts";
import { type Command, JSON_OPTION, printJson } from "./command.ts";

export const gc: Command<{ json: boolean }> = {
  command: "gc",
  describe: "remove everything that no version needs",
  options: JSON_OPTION,
  run: async ({ json }, { config }) => {
    const store = openStore(config().dataDir);
    const lock = lockOrThrow(store.fs, store.layout.storeLock, "update or clean-up");
    try {
      const removed = await collectGarbage(store, undefined);
      if (json) printJson({ removed });
      else process.stdout.write(`removed ${removed} ${removed === 1 ? "entry" : "entries"}\n`);
    } finally {
      lock.release();
    }
    return EXIT.ok;
  },
};
