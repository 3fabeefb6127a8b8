import { EXIT } from "../errors.ts";
import { type Command, printJson } from "./command.ts";
import { readReport, type Report } from "./status-report.ts";

const EXIT_BY_HEALTH = { healthy: EXIT.ok, degraded: EXIT.failure, "not running": EXIT.notRunning } as const;

export const status: Command<{ json: boolean }> = {
  command: "status",
  describe: "say what runs: exit 0 healthy, 1 degraded, 3 not running",
  builder: (argv) => argv.option("json", { type: "boolean", default: false, describe: "print everything as JSON" }),
  run: async ({ json }, { config }) => {
    const report = readReport(config());
    if (json) printJson(report);
    else process.stdout.write(`${describe(report).join("\n")}\n`);
    return EXIT_BY_HEALTH[report.health];
  },
};

function describe(report: Report): string[] {
  const lines = [
    `${report.health}${report.loader === null ? "" : `, ${report.loader.state} since ${report.loader.since}`}`,
    `target    ${report.target ?? "not set: no updates"}`,
    `running   ${report.stable ?? "nothing yet"}${report.label === null ? "" : ` (${report.label})`}`,
  ];
  if (report.trial !== null) lines.push(`on trial  ${report.trial}`);
  if (report.staged !== null) lines.push(`staged    ${report.staged}`);
  if (report.previous !== null) lines.push(`previous  ${report.previous}`);
  const { lastCheck } = report;
  if (lastCheck !== null) lines.push(`checked   ${lastCheck.at}: ${lastCheck.message ?? lastCheck.result}`);
  for (const failed of report.failed) lines.push(`failed    ${failed.digest} at ${failed.at}: ${failed.why}`);
  return lines;
}
