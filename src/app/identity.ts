import { realpathSync } from "node:fs";
import type { Environment } from "../config/load.ts";
import { isDigest, type Digest } from "../digest.ts";
import { layoutOf } from "../layout.ts";
import { readLinks } from "../store/index.ts";

/** What of a process says which version it is. */
export interface ProcessFacts {
  readonly env: Environment;
  readonly execPath: string;
  /** Path of the main program: `process.argv[1]`. */
  readonly main: string | undefined;
  readonly dataDir: string;
}

/** The path element after `extracted` in the real path, when it is a digest. */
function digestInPath(path: string | undefined): Digest | undefined {
  if (path === undefined) return undefined;
  let real: string;
  try {
    real = realpathSync(path);
  } catch {
    real = path;
  }
  const parts = real.split("/");
  const digest = parts[parts.lastIndexOf("extracted") + 1];
  return isDigest(digest) ? digest : undefined;
}

/**
 * The version this process runs, in the order: what our loader says, the place of the executable, the place of the
 * main program, the link that the trial mode selects. The last three also work under the original loader.
 * Undefined: this process was not started by a loader.
 */
export function ownDigest({ env, execPath, main, dataDir }: ProcessFacts): Digest | undefined {
  const told = env["DOCKERLOADER_DIGEST"];
  if (isDigest(told)) return told;
  const placed = digestInPath(execPath) ?? digestInPath(main);
  if (placed !== undefined) return placed;
  const links = readLinks(layoutOf(dataDir));
  return (
    (env["DOCKERLOADER_TRIAL"] === undefined ? undefined : links.digest("attempting")) ?? links.digest("entrypoint")
  );
}
