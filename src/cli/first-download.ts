import type { Environment } from "../config/load.ts";
import { fetchAction } from "./fetch-action.ts";
import type { UnpackThread } from "../unpack/thread.ts";
import { perform } from "./perform.ts";

/** The command `fetch` as the loader calls it. A file of its own, because the first start of a container waits for it. */
export const firstDownload = (env: Environment, thread: UnpackThread | undefined): Promise<number> =>
  perform(env, (context) => fetchAction(context, thread));
