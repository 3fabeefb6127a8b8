import type { ChildExit, Claim, Digest, FailureReason } from "../../machines/ports.ts";
import type { ContentDigest } from "../digest.ts";
import type { FailureRecord, OtherReason } from "../store/records.ts";

/** What the links show: the committed version, the staged one, the one on trial, and the one to return to. */
export interface LinkFacts {
  readonly stable: Digest | null;
  readonly staged: Digest | null;
  readonly trial: Digest | null;
  readonly previous: Digest | null;
}

/**
 * The closed catalogue of what dockerloader reports. Every log line, metric and view is made from one of these.
 * Names are dotted, past tense where something happened; times are milliseconds, sizes bytes.
 */
export type LoaderEvent =
  | { type: "loader.started"; entrypoint: string; version: string }
  | { type: "loader.found"; entrypoint: string; dataDir: string }
  | { type: "loader.warning"; message: string }
  | { type: "loader.failed"; code: string; message: string }
  | { type: "loader.signal"; signal: string }
  | { type: "loader.exited"; exitCode: number }
  | { type: "supervisor.state"; from: string | undefined; state: string; cause: string }
  /** Every step of the supervisor machine; `path` names all active states, outermost first. */
  | { type: "supervisor.step"; path: readonly string[]; cause: string; onProbation: boolean }
  | { type: "update.state"; from: string; state: string; cause: string }
  | ({ type: "store.found"; failed: readonly FailureRecord[] } & LinkFacts)
  | ({ type: "store.links" } & LinkFacts)
  | { type: "version.blamed"; digest: Digest; reason: FailureReason | OtherReason; at: string }
  /** Somebody wants it to be tried again: what was held against it, a failure or an unsteady tag, is gone. */
  | { type: "version.forgotten"; digest: Digest }
  | { type: "bootstrap.started"; reference: string }
  | { type: "bootstrap.retrying"; reason: string; inMs: number; attempt: number }
  | { type: "bootstrap.finished"; digest: Digest }
  | { type: "trial.found" }
  | { type: "child.spawning"; link: string; target: string; trial: boolean; attempt?: number }
  | {
      type: "child.spawned";
      childPid: number;
      digest: Digest;
      trial: boolean;
      /** What the version was asked for as, and its label `org.opencontainers.image.version`. */
      reference?: string;
      label?: string;
      /** Milliseconds that a trial has. */
      timeoutMs?: number;
    }
  | { type: "child.exited"; exit: ChildExit; digest: Digest }
  | { type: "child.restarting"; delayMs: number }
  | { type: "child.stopping"; signal: string; graceMs: number }
  | { type: "child.killed"; reason: string }
  | { type: "trial.timeout"; afterMs: number; digest: Digest }
  | { type: "trial.claimed"; claim: Claim; digest: Digest }
  | {
      type: "trial.failed";
      reason: FailureReason;
      digest: Digest;
      afterMs?: number;
      /** It made room for a newer version, or the volume took no record: nothing keeps it from being tried again. */
      unrecorded?: true;
    }
  | { type: "trial.kept"; digest: Digest }
  | { type: "trial.requeued"; digest: Digest; tries: number }
  | { type: "trial.parked"; digest: Digest; tries: number }
  | { type: "rollback.finished"; digest: Digest }
  | { type: "probation.passed"; digest: Digest }
  | { type: "store.repaired"; what: string }
  | { type: "store.degraded"; message: string }
  | { type: "store.busy"; what: string }
  | { type: "app.started"; trial: boolean }
  | { type: "app.unsupervised" }
  | { type: "app.marking" }
  | { type: "app.committed"; digest: Digest }
  | { type: "app.variable-ignored"; name: string }
  | { type: "app.dotenv-invalid"; message: string }
  | { type: "update.loop-started"; reference: string; intervalSecs: number }
  | { type: "update.off"; why: string }
  | { type: "update.checking"; reference: string }
  | { type: "update.compared"; current: string; latest: Digest }
  | { type: "update.current"; digest: Digest; retryInMs?: number }
  | { type: "update.skipped"; digest: Digest; why: string; retryInMs?: number }
  | { type: "update.available"; digest: Digest; reference: string }
  | { type: "update.staged"; digest: Digest }
  | { type: "update.failed"; code: string; message: string; retryInMs?: number; background: boolean }
  | { type: "layer.progress"; digest: ContentDigest; bytes: number; total: number }
  | { type: "download.progress"; received: number; total: number; layers: number; finished: number }
  | { type: "registry.warning"; message: string }
  | { type: "registry.note"; message: string }
  | { type: "layer.downloaded"; digest: ContentDigest; bytes: number; reused: boolean }
  | { type: "image.extracted"; digest: Digest; entries: number; bytes: number; reusedLayers: number }
  | { type: "image.warning"; digest: Digest; message: string }
  | { type: "inspect.listening"; address: string }
  | { type: "inspect.restarting"; why: string; inMs: number }
  | { type: "gc.finished"; removed: number }
  | { type: "gc.failed"; message: string }
  | { type: "cli.waiting" };

export type EventType = LoaderEvent["type"];
export type EventOf<T extends EventType> = Extract<LoaderEvent, { type: T }>;
export type Level = "error" | "warn" | "info" | "debug";

/** The events that stay in the history, for people who come back after weeks: what ran, what was tried, what became of it. */
export const HISTORY: ReadonlySet<EventType> = new Set([
  "loader.started",
  "loader.failed",
  "loader.signal",
  "loader.exited",
  "bootstrap.finished",
  "child.spawned",
  "child.exited",
  "child.killed",
  "trial.timeout",
  "trial.failed",
  "trial.kept",
  "trial.requeued",
  "trial.parked",
  "rollback.finished",
  "probation.passed",
  "store.repaired",
  "store.degraded",
  "update.staged",
  "version.forgotten",
] as const satisfies readonly EventType[]);
