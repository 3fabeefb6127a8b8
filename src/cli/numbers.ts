import type { Options } from "yargs";
import { DockerloaderError } from "../errors.ts";

/** yargs takes any text for a number and makes NaN of it: such an option is refused by its name instead. */
export function checkNumbers(options: Readonly<Record<string, Options>>): (args: object) => true {
  const names = Object.keys(options).filter((name) => options[name]?.type === "number");
  return (args) => {
    for (const name of names) {
      const value = (args as Record<string, unknown>)[name];
      if (typeof value === "number" && value >= 0 && Number.isInteger(value)) continue;
      throw new DockerloaderError("USAGE", `--${name} is not a whole number`, { hint: `e.g. --${name} 10` });
    }
    return true;
  };
}
