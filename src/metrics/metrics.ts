import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Recorded } from "../log/parse.ts";
import type { View } from "../inspect/view.ts";
import type { StorageUse } from "../store/usage.ts";

/** The states of both machines, so that a state that is not active is a 0 and not missing. */
const STATES = {
  supervisor: ["idle", "launching", "trial", "committed", "rollingBack", "exited"],
  update: ["idle", "check", "download", "extract", "stageAttempt", "staged"],
} as const;
const PHASES = ["check", "download", "extract", "stageAttempt", "trial"] as const;
const BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];

/** The state to show: an update machine that has ended its one round, or has just begun, rests. */
function activeOf(machine: keyof typeof STATES, view: View): string {
  const { state } = view[machine];
  return (STATES[machine] as readonly string[]).includes(state) ? state : "idle";
}

export interface Metrics {
  readonly contentType: string;
  /** Counts what has just happened. */
  readonly count: (events: readonly Recorded[]) => void;
  /** The page a scrape gets. */
  readonly page: (view: View, storage: StorageUse | null) => Promise<string>;
}

/** Everything is made from the event stream: the counters from its events, the rest from the view at the scrape. */
export function createMetrics(): Metrics {
  const registers = [new Registry()];
  const name = (short: string): string => `dockerloader_${short}`;
  const gauge = <T extends string>(short: string, help: string, ...labelNames: T[]): Gauge<T> =>
    new Gauge({ name: name(short), help, labelNames, registers });
  const counter = <T extends string>(short: string, help: string, ...labelNames: T[]): Counter<T> =>
    new Counter({ name: name(short), help, labelNames, registers });

  const state = gauge("state", "1 for the active state of a machine, 0 for the others", "machine", "state");
  const info = gauge("running_info", "1, with what runs in the labels", "reference", "digest", "version");
  const available = gauge(
    "update_available",
    "1 while a newer version is staged or on trial, or was found and refused",
  );
  const lastCheck = gauge("last_check_timestamp_seconds", "Time of the last update check, Unix seconds");
  const lastSuccess = gauge(
    "last_success_timestamp_seconds",
    "Time of the last check that got an answer, Unix seconds",
  );
  const lastFailure = gauge("last_failure_timestamp_seconds", "Time of the last check that failed, Unix seconds");
  const failedVersions = gauge("failed_versions", "Versions that are not tried again");
  const storageBytes = gauge("storage_bytes", "Bytes on the volume", "kind");
  const up = gauge("up", "1 while a loader runs on the data directory");
  const phases = new Histogram({
    name: name("phase_duration_seconds"),
    help: "How long a phase of an update took",
    labelNames: ["phase"] as const,
    buckets: BUCKETS,
    registers,
  });
  const bytes = counter("download_bytes_total", "Bytes of layers, by where they came from", "source");
  const trials = counter("trials_total", "Trials by outcome", "outcome");
  const restarts = counter("child_restarts_total", "Starts of the app after the first, by cause", "cause");
  const checks = counter("checks_total", "Update checks by result", "result");
  for (const outcome of ["committed", "failed", "interrupted"]) trials.inc({ outcome }, 0);
  for (const cause of ["asked", "trial", "rollback"]) restarts.inc({ cause }, 0);
  for (const result of ["current", "staged", "refused", "failed"]) checks.inc({ result }, 0);
  for (const source of ["registry", "store"]) bytes.inc({ source }, 0);

  const began = new Map<string, number>();
  const begin = (phase: string, time: string): void => void began.set(phase, Date.parse(time));
  const end = (phase: string, time: string): void => {
    const at = began.get(phase);
    began.delete(phase);
    if (at !== undefined) phases.observe({ phase }, Math.max(0, Date.parse(time) - at) / 1000);
  };
  let started = false;
  let rolledBack = false;
  const isPhase = (text: string): boolean => (PHASES as readonly string[]).includes(text);

  const countOne = ({ event, time }: Recorded): void => {
    switch (event.type) {
      case "supervisor.state":
        if (event.from === "trial") end("trial", time);
        if (event.state === "trial") begin("trial", time);
        rolledBack ||= event.state === "rollingBack";
        return;
      case "update.state":
        if (isPhase(event.from)) end(event.from, time);
        if (isPhase(event.state)) begin(event.state, time);
        return;
      case "child.spawned":
        if (started) restarts.inc({ cause: event.trial ? "trial" : rolledBack ? "rollback" : "asked" });
        started = true;
        rolledBack = false;
        return;
      case "layer.downloaded":
        return bytes.inc({ source: event.reused ? "store" : "registry" }, event.bytes);
      case "trial.kept":
        return trials.inc({ outcome: "committed" });
      case "trial.failed":
        if (event.reason.kind !== "crashed-on-probation") trials.inc({ outcome: "failed" });
        return;
      case "trial.requeued":
      case "trial.parked":
        return trials.inc({ outcome: "interrupted" });
      case "update.current":
        return succeed("current", time);
      case "update.skipped":
        return succeed("refused", time);
      case "update.staged":
        return succeed("staged", time);
      case "update.failed":
        checks.inc({ result: "failed" });
        return lastFailure.set(Date.parse(time) / 1000);
      default:
    }
  };
  const succeed = (result: string, time: string): void => {
    checks.inc({ result });
    lastSuccess.set(Date.parse(time) / 1000);
  };

  return {
    contentType: registers[0]?.contentType ?? "text/plain",
    count: (events) => events.forEach(countOne),
    page: (view, storage) => {
      for (const machine of ["supervisor", "update"] as const) {
        const active = activeOf(machine, view);
        for (const one of STATES[machine]) state.set({ machine, state: one }, active === one ? 1 : 0);
      }
      info.reset();
      const { child, links, lastCheck: check } = view;
      if (child !== null) {
        info.set({ reference: child.reference ?? "", digest: child.digest, version: child.label ?? "" }, 1);
      }
      const newer = links.staged !== null || links.trial !== null || check?.result === "refused";
      available.set(newer ? 1 : 0);
      if (check !== null) lastCheck.set(Date.parse(check.at) / 1000);
      failedVersions.set(view.failed.length);
      up.set(view.loader === null ? 0 : 1);
      for (const [kind, size] of Object.entries(storage ?? {})) storageBytes.set({ kind }, Number(size));
      return registers[0]?.metrics() ?? Promise.resolve("");
    },
  };
}
