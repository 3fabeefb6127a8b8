import type { Environment } from "../config/load.ts";
import { fetchAction } from "./fetch-action.ts";
import { perform } from "./perform.ts";

/** The command `fetch` as the loader calls it. A file of its own, because the first start of a container waits for it. */
export const firstDownload = (env: Environment): Promise<number> => perform(env, fetchAction);
