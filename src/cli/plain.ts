import type { Environment } from "../config/load.ts";
import { check } from "./check.ts";
import type { CommandContext } from "./command.ts";
import { gc } from "./gc.ts";
import { perform } from "./perform.ts";
import { ready } from "./ready.ts";

/** What the loader and apps call again and again. */
export type PlainName = "check" | "ready" | "gc";

const PLAIN: Readonly<Record<PlainName, (context: CommandContext) => Promise<number>>> = {
  check: (context) => check.run({ json: false }, context),
  ready: (context) => ready.run({}, context),
  gc: (context) => gc.run({ json: false }, context),
};

/**
 * A command that came without arguments: there is nothing to parse, so yargs is not loaded. The build makes one file of all this: to
 * load many small ones takes longer than what is in them.
 */
export const runPlain = (name: PlainName, env: Environment): Promise<number> => perform(env, PLAIN[name]);
