import type { Digest, LaunchPlan } from "../../machines/ports.ts";
import type { EventOf } from "../log/events.ts";
import { linkFacts, type Store } from "../store/index.ts";
import type { SuperviseOptions } from "./options.ts";

/** What the loader tells the event stream about the disk. Looking must never end the loader: a fault is left to the next step. */
export interface Reporter {
  readonly reportLinks: () => void;
  /** Reports the record of a version that has just failed, when there is one. */
  readonly reportBlame: (digest: Digest) => void;
  /** What is started: its digest, what it was asked for as, its version label, and how long it has. */
  readonly describeRun: (
    plan: Exclude<LaunchPlan, { kind: "empty" }>,
  ) => Omit<EventOf<"child.spawned">, "type" | "childPid">;
}

/** Undefined when the volume does not answer. */
export function quietly<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** True when the volume keeps this version from being tried again: it is recorded as failed, or the next start records it. */
export const isOff = ({ records, links }: Store, digest: Digest): boolean =>
  quietly(() => records.failure(digest) !== undefined || links.revoked() === digest) ?? false;

export function createReporter(store: Store, { log, config }: Pick<SuperviseOptions, "log" | "config">): Reporter {
  return {
    reportLinks: () => {
      const facts = quietly(() => linkFacts(store));
      if (facts !== undefined) log.emit({ type: "store.links", ...facts });
    },
    reportBlame: (digest) => {
      const record = quietly(() => store.records.failure(digest));
      if (record !== undefined) log.emit({ type: "version.blamed", ...record });
    },
    describeRun: (plan) => {
      const receipt = quietly(() => store.trees.receipt(plan.digest));
      const label = receipt?.labels["org.opencontainers.image.version"];
      return {
        digest: plan.digest,
        trial: plan.kind === "trial",
        ...(receipt === undefined ? {} : { reference: receipt.reference }),
        ...(label === undefined ? {} : { label }),
        ...(plan.kind === "trial" ? { timeoutMs: config.trialTimeoutMs } : {}),
      };
    },
  };
}
