import { existsSync, lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Digest } from "../digest.ts";
import { describeError } from "../errors.ts";
import { readVariables } from "./dotenv.ts";
import { type AppOptions, openSession, type Session } from "./session.ts";

/** Where this process stands. */
export interface Loaded {
  /** False: not started by a loader; every other call of the library then does nothing. */
  readonly supervised: boolean;
  /** True: this version is on trial and has to call `markReady` in time. */
  readonly trial: boolean;
  /** The running version. */
  readonly digest?: Digest;
  /** The root of the unpacked image. */
  readonly root?: string;
}

/**
 * The first call of an app: loads the image's `.env` into `process.env` (the operator's values win; a missing file is
 * fine) and tells the loader that this app knows how a trial is ended. Never throws because of the image or the volume.
 */
export async function initDockerloaded(options: AppOptions = {}): Promise<Loaded> {
  const session = openSession(options);
  const { log, trial, supervised } = session;
  if (supervised === undefined) {
    log.emit({ type: "app.unsupervised" });
    return { supervised: false, trial: false };
  }
  const root = supervised.store.layout.tree(supervised.digest);
  applyImageVariables(session, root);
  trustImageAuthorities(session, root);
  if (trial) shakeHands(session);
  log.emit({ type: "app.started", trial });
  return { supervised: true, trial, digest: supervised.digest, root };
}

function applyImageVariables({ env, log }: Session, root: string): void {
  const path = join(root, ".env");
  try {
    if (!lstatSync(path, { throwIfNoEntry: false })?.isFile()) return;
    const { apply, refused } = readVariables(readFileSync(path, "utf8"), env);
    for (const name of refused) log.emit({ type: "app.variable-ignored", name });
    Object.assign(process.env, apply);
  } catch (error) {
    log.emit({ type: "app.dotenv-invalid", message: describeError(error) });
  }
}

/** The certificate authorities of the image, for this app and its children alone, unless the operator has named others. */
function trustImageAuthorities({ env }: Session, root: string): void {
  const authorities = join(root, "etc/ssl/certs/ca-certificates.crt");
  if (env["SSL_CERT_FILE"] === undefined && existsSync(authorities)) process.env["SSL_CERT_FILE"] = authorities;
}

/** Without the handshake the loader would have to kill this app before it may end its trial. */
function shakeHands({ env, log, supervised }: Session): void {
  const runId = env["DOCKERLOADER_RUN_ID"];
  if (runId === undefined || supervised === undefined) return;
  try {
    supervised.store.records.setHandshake(runId);
  } catch (error) {
    log.emit({ type: "loader.warning", message: `could not greet the loader: ${describeError(error)}` });
  }
}
