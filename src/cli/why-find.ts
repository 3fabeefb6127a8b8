import type { Config } from "../config/table.ts";
import { type Digest, isDigest } from "../digest.ts";
import { EMPTY_VIEW, type View } from "../inspect/view.ts";
import { reduce } from "../inspect/reduce.ts";
import { parseLines, type Recorded } from "../log/parse.ts";
import { openStore, type Store } from "../store/index.ts";
import { readReport, type Report } from "./status-report.ts";
import type { Reason } from "./why-reasons.ts";

/** A check that is late by more than this has not come, in milliseconds. */
const LATE_MS = 60_000;

/** Looks at the disk and the event stream and finds the one reason that holds, the nearest first. Changes nothing. */
export function findReason(config: Config, now: number): Reason {
  const report = readReport(config);
  if (report.fault !== null) return { kind: "read-only", fault: report.fault };
  if (report.health === "not running") return { kind: "not-running", dataDir: config.dataDir };
  const store = openStore(config.dataDir, { create: false });
  const events = parseLines(store.events.lines());
  const view = events.reduce(reduce, EMPTY_VIEW);
  return inFlight(report, view, events, now) ?? settled(report, store, config, now);
}

/** What is going on at this moment. */
function inFlight(report: Report, view: View, events: readonly Recorded[], now: number): Reason | undefined {
  const { trial, staged, stable, loader, target } = report;
  if (stable === null && trial === null) {
    const last = events.findLast(
      ({ event }) => event.type === "bootstrap.retrying" || event.type === "bootstrap.started",
    );
    const fault = last?.event.type === "bootstrap.retrying" ? last.event.reason : null;
    return { kind: "first-download", target, fault };
  }
  if (trial !== null) {
    const until = loader?.trialUntil ?? null;
    return { kind: "on-trial", digest: trial, leftMs: until === null ? null : Math.max(0, Date.parse(until) - now) };
  }
  if (staged !== null) return { kind: "staged", digest: staged };
  const { state } = view.update;
  if (state === "check" || state === "download" || state === "extract" || state === "stageAttempt") {
    return { kind: "working", step: state };
  }
  return undefined;
}

/** What the last check and the records say. */
function settled(report: Report, store: Store, { target }: Config, now: number): Reason {
  const { lastCheck } = report;
  if (target === undefined) return { kind: "no-target" };
  const pinned = target.split("@")[1];
  if (isDigest(pinned)) return { kind: "pinned", digest: pinned };
  if (lastCheck === null) return { kind: "never-checked" };
  const failed = lastCheck.digest === undefined ? undefined : failure(store, lastCheck.digest);
  if (failed !== undefined && lastCheck.digest !== report.stable) return failed;
  const nextInMs = lastCheck.nextAt === undefined ? null : Date.parse(lastCheck.nextAt) - now;
  if (nextInMs !== null && nextInMs < -LATE_MS) return { kind: "overdue", byMs: -nextInMs };
  const { digest, message = "" } = lastCheck;
  if (lastCheck.result === "failed") {
    const { code = "INTERNAL" } = lastCheck;
    return { kind: "check-failed", code, message, inMs: nextInMs === null ? null : Math.max(0, nextInMs) };
  }
  if (lastCheck.result === "refused" && digest !== undefined) {
    const waiting = store.records.steadiness();
    return waiting?.digest === digest
      ? { kind: "held", digest, seen: waiting.seen, needed: waiting.needed }
      : { kind: "refused", digest, message };
  }
  if (digest === undefined || digest !== report.stable) return { kind: "changed-since" };
  return { kind: "current", digest, agoMs: Math.max(0, now - Date.parse(lastCheck.at)) };
}

/** The record of a failed version, with what the history adds to it. */
function failure(store: Store, digest: Digest): Reason | undefined {
  const record = store.records.failure(digest);
  if (record === undefined) return undefined;
  const told = parseLines(store.history.lines()).flatMap(({ event }) =>
    event.type === "trial.failed" && event.digest === digest ? [event] : [],
  );
  const times = Math.max(1, told.length);
  return { kind: "failed", digest, reason: record.reason, times, afterMs: told.at(-1)?.afterMs ?? null };
}
