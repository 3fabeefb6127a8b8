import type { ChildExit, Claim, Digest, FailureReason } from "../../machines/ports.ts";

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
  | { type: "bootstrap.started"; reference: string }
  | { type: "bootstrap.retrying"; reason: string; inMs: number; attempt: number }
  | { type: "bootstrap.finished"; digest: Digest }
  | { type: "trial.found" }
  | { type: "child.spawning"; link: string; target: string; trial: boolean; attempt?: number }
  | { type: "child.spawned"; childPid: number; digest: Digest }
  | { type: "child.exited"; exit: ChildExit; digest: Digest }
  | { type: "child.restarting"; delayMs: number }
  | { type: "child.stopping"; signal: string; graceMs: number }
  | { type: "child.killed"; reason: string }
  | { type: "trial.timeout"; afterMs: number; digest: Digest }
  | { type: "trial.claimed"; claim: Claim; digest: Digest }
  | { type: "trial.failed"; reason: FailureReason; digest: Digest }
  | { type: "trial.kept"; digest: Digest }
  | { type: "trial.requeued"; digest: Digest; tries: number }
  | { type: "trial.parked"; digest: Digest; tries: number }
  | { type: "rollback.finished"; digest: Digest }
  | { type: "probation.passed"; digest: Digest }
  | { type: "store.repaired"; what: string }
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
  | { type: "update.current"; digest: Digest }
  | { type: "update.skipped"; digest: Digest; why: string }
  | { type: "update.available"; digest: Digest; reference: string }
  | { type: "update.staged"; digest: Digest }
  | { type: "update.failed"; code: string; message: string; retryInMs?: number; background: boolean }
  | { type: "layer.downloaded"; digest: Digest; bytes: number; reused: boolean }
  | { type: "image.extracted"; digest: Digest; entries: number; bytes: number }
  | { type: "image.warning"; digest: Digest; message: string }
  | { type: "gc.finished"; removed: number }
  | { type: "gc.failed"; message: string }
  | { type: "cli.waiting" };

export type EventType = LoaderEvent["type"];
export type EventOf<T extends EventType> = Extract<LoaderEvent, { type: T }>;
export type Level = "error" | "warn" | "info" | "debug";
