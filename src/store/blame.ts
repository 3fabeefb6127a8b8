import type { Digest } from "../digest.ts";
import type { Logger } from "../log/logger.ts";
import type { FailureRecord } from "./records.ts";
import type { Store } from "./store.ts";

export interface RecoverOptions {
  /** Starts that a version gets when its trials are interrupted from outside. */
  readonly trialTries: number;
  /** The last stop was not in order: compare every byte of what may be run with what was published. */
  readonly thorough: boolean;
  /** The version that ran last: nobody else can have written its files since. Undefined: any may have run. */
  readonly ranLast?: Digest | undefined;
  readonly log: Logger;
  readonly now: () => Date;
}

/** Writes down why a version may not be tried again. */
export function blame(store: Store, options: RecoverOptions, digest: Digest, reason: FailureRecord["reason"]): void {
  const record = { digest, reason, at: options.now().toISOString() };
  store.records.addFailure(record);
  options.log.emit({ type: "version.blamed", ...record });
}
