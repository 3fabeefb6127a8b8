import { EXIT } from "../errors.ts";
import { type Command, JSON_OPTION, printJson, printLines } from "./command.ts";
import { fitDigests } from "./format.ts";
import { statusLines } from "./status-lines.ts";
import { readReport } from "./status-report.ts";
import { watchStatus } from "./status-watch.ts";

const EXIT_BY_HEALTH = { healthy: EXIT.ok, degraded: EXIT.failure, "not running": EXIT.notRunning } as const;

export const status: Command<{ json: boolean; watch: boolean }> = {
  command: "status",
  describe: "what runs (exit 0 well, 1 degraded, 3 down)",
  options: {
    ...JSON_OPTION,
    watch: { type: "boolean", default: false, describe: "show every change until interrupted" },
  },
  examples: [
    ["status --watch", "redraws in place on a terminal"],
    ["status --json | jq .failed", "what failed, and why"],
    ["status --watch --json", "one line of JSON for each change"],
  ],
  run: async ({ json, watch }, { config }) => {
    const settings = config();
    if (watch) return watchStatus(settings, { json, out: process.stdout });
    const report = readReport(settings);
    if (json) printJson(report);
    else printLines(statusLines(report, Date.now()).map((line) => fitDigests(line, process.stdout)));
    return EXIT_BY_HEALTH[report.health];
  },
};
