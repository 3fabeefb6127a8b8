import { setPriority } from "node:os";
import { EXIT } from "../errors.ts";
import { createJournalLogger, tee } from "../log/journal.ts";
import { openStore } from "../store/index.ts";
import type { Command } from "./command.ts";

/** Looking must never take time from the app. */
const NICE = 10;

/** The loader's observer. Ends with the loader: its standard input is a pipe that the loader holds. */
export const observe: Command<{ since: string }> = {
  command: "observe",
  describe: false,
  options: { since: { type: "string", default: "", describe: "hand on what happened from then on, ISO 8601" } },
  run: async ({ since }, { config, log }) => {
    const settings = config();
    setPriority(NICE);
    const stop = new AbortController();
    process.once("SIGTERM", () => stop.abort());
    process.on("SIGINT", () => {});
    process.stdin.resume().once("close", () => stop.abort());
    const store = openStore(settings.dataDir, { create: false });
    const { observe: run } = await import("../inspect/observe.ts");
    await run({
      config: settings,
      since,
      log: tee(log("events"), createJournalLogger(store, "cli")),
      signal: stop.signal,
    });
    return EXIT.ok;
  },
};
