import { existsSync } from "node:fs";
import { basename } from "node:path";

/** The worker's name in a bundle: there a plain `worker.js` beside us could be anybody's. */
const BUNDLED = "unpack-worker.js";

/**
 * The file of the worker, next to the module at `moduleUrl`: `worker.ts` in the sources, `worker.js` in the library, `unpack-worker.js`
 * in a bundle. Undefined when there is none, as in an app that was bundled without it.
 */
export function workerFile(moduleUrl: string | undefined): URL | undefined {
  if (moduleUrl === undefined || !moduleUrl.startsWith("file:")) return undefined;
  const unbundled = /^worker-file\.[jt]s$/.test(basename(new URL(moduleUrl).pathname));
  const names = unbundled ? ["worker.ts", "worker.js", BUNDLED] : [BUNDLED];
  return names.map((name) => new URL(name, moduleUrl)).find((url) => existsSync(url));
}

/** The worker beside this very module. */
export const ownWorkerFile = (): URL | undefined => workerFile(import.meta.url);
