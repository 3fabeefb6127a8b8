import { EXIT } from "../errors.ts";
import { parseLines } from "../log/parse.ts";
import { openStore } from "../store/index.ts";
import { type Command, JSON_OPTION, printJson, printLines } from "./command.ts";
import { fitDigests } from "./format.ts";
import { historyEntry, historyLine } from "./history-lines.ts";

export const history: Command<{ json: boolean; last: number }> = {
  command: "history",
  describe: "what ran, what was tried, how it ended",
  options: {
    ...JSON_OPTION,
    last: { type: "number", default: 50, describe: "how many entries, the newest last; 0: all" },
  },
  examples: [["history --last 0 --json | jq '.entries[].event'", "everything that is kept"]],
  run: async ({ json, last }, { config }) => {
    const store = openStore(config().dataDir, { create: false });
    const all = parseLines(store.history.lines());
    const shown = last > 0 ? all.slice(-last) : all;
    if (json) printJson({ entries: shown.map(historyEntry) });
    else if (shown.length === 0) printLines(["nothing has happened yet"]);
    else printLines(shown.map((entry) => fitDigests(historyLine(entry), process.stdout)));
    return EXIT.ok;
  },
};
