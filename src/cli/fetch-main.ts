import type { Environment } from "../config/load.ts";
import { fetchAction } from "./fetch-action.ts";
import { perform } from "./perform.ts";

/** The whole of `fetch`. The build makes one file of it: to load many small ones takes longer than what is in them. */
export const fetchMain = (env: Environment): Promise<number> => perform(env, fetchAction);
