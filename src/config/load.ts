import * as v from "valibot";
import { DockerloaderError } from "../errors.ts";
import { type Config, SETTINGS, type Setting } from "./table.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** A configuration and what was wrong with the environment it came from. Faulty settings hold their default. */
export interface Loaded {
  readonly config: Config;
  /** One sentence per fault: name, value, expectation. */
  readonly faults: readonly string[];
}

/** Reads every setting from the environment. An empty variable counts as not set. Never throws. */
export function readConfig(env: Environment): Loaded {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(SETTINGS) as [string, Setting<unknown>][]) {
    const raw = env[setting.env];
    values[key] = setting.fallback;
    if (raw === undefined || raw === "") continue;
    const parsed = v.safeParse(setting.schema, raw);
    if (parsed.success) values[key] = parsed.output;
    else faults.push(`${setting.env}=${JSON.stringify(raw)} ${parsed.issues[0].message}`);
  }
  return { config: Object.freeze(values) as unknown as Config, faults };
}

/** The one message that lists every fault. */
export function configError(faults: readonly string[]): DockerloaderError {
  const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
  return new DockerloaderError("CONFIG_INVALID", `configuration has ${count}: ${faults.join("; ")}`, {
    hint: "see the configuration table in the README or `dockerloader --help`",
  });
}

/** Reads the configuration or throws CONFIG_INVALID with every fault. */
export function loadConfig(env: Environment): Config {
  const { config, faults } = readConfig(env);
  if (faults.length > 0) throw configError(faults);
  return config;
}
