import { type Environment, readConfig } from "../config/load.ts";
import { type Config, SETTINGS, type Setting } from "../config/table.ts";
import { unknownVariables } from "../config/unknown.ts";
import { redact } from "../log/redact.ts";
import { fault, type Finding, ok, warning } from "./finding.ts";

/** One setting as it holds here, and where its value comes from. */
export interface SettingReport {
  readonly env: string;
  /** Null: not set, and without a default. */
  readonly value: string | null;
  readonly source: "environment" | "default";
}

/** Every setting with its value and source. Passwords inside a value are masked. */
export function reportSettings(env: Environment): SettingReport[] {
  const { config } = readConfig(env);
  return (Object.entries(SETTINGS) as [keyof typeof SETTINGS, Setting<unknown>][]).map(([key, setting]) => {
    const given = env[setting.env];
    const value = config[key];
    return {
      env: setting.env,
      value: value === undefined || shown(value) === "" ? null : redact(shown(value)),
      source: given === undefined || given === "" ? "default" : "environment",
    };
  });
}

function shown(value: NonNullable<Config[keyof Config]>): string {
  if (typeof value !== "object") return String(value);
  return "host" in value ? `${value.host}:${value.port}` : value.join(",");
}

export function checkConfiguration(env: Environment): Finding[] {
  const { config, faults } = readConfig(env);
  const findings: Finding[] = [
    ...faults.map((says) => fault("configuration", says, "correct the variable or unset it")),
    ...unknownVariables(env).map((says) => warning("configuration", says, "correct its name or unset it")),
  ];
  if (config.target === undefined) {
    findings.push(
      warning(
        "configuration",
        "DOCKERLOADER_TARGET is not set: nothing is downloaded and nothing is updated",
        "set it to the image to run, e.g. registry.example.com/team/app:stable",
      ),
    );
  }
  const set = reportSettings(env).filter(({ source }) => source === "environment").length;
  return findings.length > 0 ? findings : [ok("configuration", `${set} settings from the environment, all valid`)];
}
