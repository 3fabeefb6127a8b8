import type { UpdateResult } from "../../machines/ports.ts";
import { updateMachine } from "../../machines/update.ts";
import type { ContentDigest, Digest } from "../digest.ts";
import { DockerloaderError, toDockerloaderError } from "../errors.ts";
import { openSource } from "../registry/open-source.ts";
import type { ImageSource, RateLimit } from "../registry/source.ts";
import { parseTarget, type Target } from "../registry/target.ts";
import type { Store } from "../store/index.ts";
import { createActor } from "../xstate.ts";
import { type AppOptions, openSession, type Session } from "./session.ts";
import { reportMoves } from "./moves.ts";
import { createUpdateAdapters } from "./update-adapters.ts";

/** How one check ended. `staged`: exit with 42 (see `requestRestart`) and the loader starts the new version on trial. */
export type CheckResult = UpdateResult | { readonly kind: "not-supervised" };

/**
 * Looks once for a newer image and stages it. Resolves with the result, also when the check failed
 * (`{ kind: "failed", error }`): it never rejects and never ends the process.
 */
export async function checkForUpdate(options: AppOptions = {}): Promise<CheckResult> {
  return runCheck(openSession(options));
}

/** One round of the update machine on the real adapters. Never rejects. */
export async function runCheck(session: Session): Promise<CheckResult> {
  const { supervised, log, signal } = session;
  if (supervised === undefined) return { kind: "not-supervised" };
  try {
    const { pinned } = targetOf(session);
    if (pinned !== undefined) {
      log.emit({ type: "update.off", why: pinnedTo(pinned) });
      return { kind: "current", digest: supervised.digest };
    }
    const source = sourceOf(session);
    const adapters = createUpdateAdapters(session, supervised, source);
    try {
      const machine = updateMachine.provide({ actors: adapters.actors });
      const actor = createActor(machine, {
        input: { once: true, intervalMs: 0, backoffMaxMs: 0, firstDelayMs: 0 },
        inspect: reportMoves(log),
      });
      const ended = new Promise<UpdateResult | null>((resolve, reject) => {
        actor.subscribe({ complete: () => resolve(actor.getSnapshot().output ?? null), error: reject });
      });
      const stop = (): void => actor.send({ type: "STOP" });
      signal.addEventListener("abort", stop, { once: true });
      actor.start();
      if (signal.aborted) stop();
      const result = (await ended) ?? failedResult(new DockerloaderError("ABORTED", "the check was stopped"));
      signal.removeEventListener("abort", stop);
      report(session, supervised.store, result, { rateLimit: source.rateLimit() });
      return result;
    } finally {
      adapters.close();
    }
  } catch (error) {
    const result = failedResult(toDockerloaderError(error));
    report(session, supervised.store, result);
    return result;
  }
}

export function failedResult(error: DockerloaderError): UpdateResult {
  const { code, message, retryable } = error;
  return { kind: "failed", error: { code, message, retryable } };
}

/** The target, parsed. Throws CONFIG_INVALID or REFERENCE_INVALID. */
export function targetOf({ config }: Session): Target {
  if (config.target !== undefined) return parseTarget(config.target);
  throw new DockerloaderError("CONFIG_INVALID", "DOCKERLOADER_TARGET is not set, so there is nothing to look for", {
    hint: "set it to the image to follow",
  });
}

/** Why there is nothing to look for: no loader, no usable target, or one that is pinned to a digest. Undefined: there is. */
export function reasonOff(session: Session): string | undefined {
  if (session.supervised === undefined) return "not running under a dockerloader";
  try {
    const { pinned } = targetOf(session);
    return pinned === undefined ? undefined : pinnedTo(pinned);
  } catch (error) {
    return toDockerloaderError(error).message;
  }
}

/** The target, opened with the session's settings. Throws as `targetOf`; the caller closes it. */
export function sourceOf(session: Session): ImageSource {
  const { config, env, log, supervised } = session;
  return openSource(targetOf(session), { config, env, log, ...(supervised && { records: supervised.store.records }) });
}

function pinnedTo(digest: ContentDigest): string {
  return `DOCKERLOADER_TARGET is pinned to ${digest}`;
}

/** What else a round has found: when the next one comes, in milliseconds, and what the registry says of its limit. */
export interface Found {
  readonly retryInMs?: number;
  readonly rateLimit?: RateLimit | undefined;
}

/** Says how a round ended and leaves it on disk for `dockerloader status`. */
export function report({ log }: Session, store: Store, result: UpdateResult, found: Found = {}): void {
  const { retryInMs, rateLimit } = found;
  const next = retryInMs === undefined ? {} : { retryInMs };
  if (result.kind === "current") log.emit({ type: "update.current", digest: result.digest, ...next });
  else if (result.kind === "refused") {
    log.emit({ type: "update.skipped", digest: result.digest, why: result.why, ...next });
  } else if (result.kind === "staged") log.emit({ type: "update.staged", digest: result.digest });
  else {
    const { code, message } = result.error;
    log.emit({ type: "update.failed", code, message, background: retryInMs !== undefined, ...next });
  }
  try {
    const nextAt = retryInMs === undefined ? {} : { nextAt: new Date(Date.now() + retryInMs).toISOString() };
    const at = new Date().toISOString();
    const facts = { ...factsOf(result), ...nextAt, ...(rateLimit && { rateLimit }) };
    store.records.setLastCheck({ at, result: result.kind, ...facts });
  } catch {
    // A full volume is reported by the step that needs space.
  }
}

function factsOf(result: UpdateResult): { digest?: Digest; code?: string; message?: string } {
  if (result.kind === "failed") return { code: result.error.code, message: result.error.message };
  return { digest: result.digest, ...(result.kind === "refused" ? { message: result.why } : {}) };
}
