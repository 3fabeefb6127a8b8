import { describeBytes, describeSpan } from "./format.ts";
import type { RateLimit } from "../registry/source.ts";
import type { Report, VersionFacts } from "./status-report.ts";

const LABEL_WIDTH = 10;
const row = (label: string, text: string): string => `${label.padEnd(LABEL_WIDTH)}${text}`;

/** The report as lines for people, as of `now` (milliseconds of the wall clock). */
export function statusLines(report: Report, now: number): string[] {
  const { loader, lastCheck, storage } = report;
  const since = (at: string): string => `since ${at} (${describeSpan(now - Date.parse(at))})`;
  const lines = [
    `${report.health}${loader === null ? "" : `, ${loader.state}${loader.onProbation ? " on probation" : ""} ${since(loader.since)}`}`,
    ...(report.fault === null ? [] : [row("volume", `${report.fault}: nothing is updated`)]),
    row("target", report.target ?? "not set: no updates"),
    row("running", running(report, now)),
  ];
  if (report.trial !== null) lines.push(row("on trial", `${report.trial}${timeLeft(loader?.trialUntil ?? null, now)}`));
  if (report.staged !== null) lines.push(row("staged", `${report.staged}, tried at the next restart`));
  lines.push(row("checked", lastCheck === null ? "never" : `${ago(lastCheck.at, now)}: ${outcome(lastCheck)}`));
  if (lastCheck?.nextAt !== undefined) lines.push(row("next", next(lastCheck.nextAt, now)));
  if (lastCheck?.rateLimit !== undefined) lines.push(row("limit", limitLeft(lastCheck.rateLimit)));
  for (const version of previousVersions(report)) lines.push(row("previous", describeVersion(version)));
  for (const { digest, at, why } of report.failed) lines.push(row("failed", `${digest} at ${at}: ${why}`));
  if (storage !== null) {
    const { blobs, versions, retained, free, total } = storage;
    const used = `${describeBytes(versions)} unpacked, ${describeBytes(blobs)} blobs, ${describeBytes(retained)} previous`;
    lines.push(row("storage", `${used}; ${describeBytes(free)} of ${describeBytes(total)} free`));
  }
  return lines;
}

/** What a check found: the version it is about first. */
function outcome({ result, digest, message, code }: NonNullable<Report["lastCheck"]>): string {
  if (result === "current") return "the newest version runs";
  if (result === "failed") return `failed: ${message ?? "unknown"}${code === undefined ? "" : ` [${code}]`}`;
  return `${result} ${digest ?? ""}${message === undefined ? "" : `: ${message}`}`;
}

/** Kept copies of other versions; the running one has a copy too, which says nothing to people. */
function previousVersions({ retained, stable }: Report): readonly VersionFacts[] {
  return retained.filter(({ digest }) => digest !== stable);
}

function running({ loader, stable, reference, label }: Report, now: number): string {
  if (stable === null) return "nothing yet";
  const from = [label, reference].filter((text) => text !== null).join(", ");
  const child = loader?.digest === stable ? loader.childSince : null;
  const uptime = child === null || child === undefined ? "" : ` for ${describeSpan(now - Date.parse(child))}`;
  return `${stable}${from === "" ? "" : ` (${from})`}${uptime}`;
}

function limitLeft({ host, limit, remaining, windowSecs }: RateLimit): string {
  const window = windowSecs === 0 ? "" : ` in ${describeSpan(windowSecs * 1000)}`;
  return `${remaining} of ${limit} requests${window} are left at ${host}`;
}

function describeVersion({ digest, label }: VersionFacts): string {
  return label === null ? digest : `${digest} (${label})`;
}

function timeLeft(until: string | null, now: number): string {
  return until === null ? "" : `, ${describeSpan(Date.parse(until) - now)} left`;
}

function ago(at: string, now: number): string {
  return `${describeSpan(now - Date.parse(at))} ago`;
}

function next(at: string, now: number): string {
  const left = Date.parse(at) - now;
  return left >= 0 ? `in ${describeSpan(left)}` : `was due ${describeSpan(-left)} ago`;
}
