import { EXIT } from "../errors.ts";
import type { Command } from "./command.ts";

/** For an app without the library: the commit and the clean-up. Exit 1: the loader has ended this trial. */
export const ready: Command<object> = {
  command: "ready",
  describe: "this version works: commit its trial",
  run: async (_args, { env, log }) => {
    const { markReady } = await import("../app/ready.ts");
    await markReady({ env, log: log("events"), check: false });
    return EXIT.ok;
  },
};
