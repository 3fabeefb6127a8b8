import { EXIT } from "../errors.ts";
import { readConfig } from "../config/load.ts";
import { fitDigests } from "./format.ts";
import { type Command, JSON_OPTION, printJson, printLines } from "./command.ts";

const MARKS = { ok: "ok     ", warning: "warning", fault: "FAULT  " } as const;

export const doctor: Command<{ json: boolean }> = {
  command: "doctor",
  describe: "check volume, registry, clock, settings",
  options: JSON_OPTION,
  examples: [["doctor --json | jq '.findings[] | select(.level != \"ok\")'", "what needs mending"]],
  run: async ({ json }, { env }) => {
    const { checkConfiguration, reportSettings } = await import("../doctor/configuration.ts");
    const { checkHost } = await import("../doctor/host.ts");
    const { checkRegistry } = await import("../doctor/registry.ts");
    const { checkVolume } = await import("../doctor/volume.ts");
    // A faulty setting is a finding here, not a reason to find nothing else.
    const { config } = readConfig(env);
    const findings = [
      ...checkConfiguration(env),
      ...checkVolume(config),
      ...(await checkRegistry(config, env)),
      ...checkHost(config),
    ];
    const settings = reportSettings(env);
    const healthy = findings.every(({ level }) => level !== "fault");
    if (json) printJson({ healthy, findings, settings });
    else {
      printLines([
        ...findings.flatMap(({ check, level, says, mend }) => [
          fitDigests(`${MARKS[level]}  ${check}: ${says}`, process.stdout),
          ...(mend === undefined ? [] : [`         ${mend}`]),
        ]),
        "",
        "settings",
        ...settings.map(
          ({ env: name, value, source }) => `  ${name}${value === null ? " is not set" : `=${value} (${source})`}`,
        ),
      ]);
    }
    return healthy ? EXIT.ok : EXIT.failure;
  },
};
