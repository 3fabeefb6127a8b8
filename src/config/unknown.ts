import { didYouMean } from "../nearest.ts";
import type { Environment } from "./load.ts";
import { CHILD_VARIABLES, SETTINGS } from "./table.ts";

const PREFIX = "DOCKERLOADER_";
const NAMES = [...Object.values(SETTINGS).map(({ env }) => env), ...Object.keys(CHILD_VARIABLES)];

/** One sentence for each variable that looks like a setting and is none: the mistake that else nobody notices. */
export function unknownVariables(env: Environment): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !NAMES.includes(name))
    .sort()
    .map((name) => {
      const bare = NAMES.map((known) => known.slice(PREFIX.length));
      const meant = didYouMean(name.slice(PREFIX.length), bare, PREFIX);
      return `${name} is no setting and has no effect${meant === undefined ? "" : `; ${meant}`}`;
    });
}
