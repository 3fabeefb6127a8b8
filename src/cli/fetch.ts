import type { Command } from "./command.ts";

/** The first download or the repair of a broken stable version, in a process of its own; the loader starts it and reads the report on file descriptor 3. */
export const fetch: Command<object> = {
  command: "fetch",
  describe: false,
  run: async (_args, context) => {
    const { fetchAction } = await import("./fetch-action.ts");
    return fetchAction(context);
  },
};
