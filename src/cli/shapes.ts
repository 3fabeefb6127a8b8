import * as v from "valibot";
import { type Digest, isDigest } from "../digest.ts";

/**
 * What every command prints under `--json`: the contract with scripts. `schema` counts up when a field goes or changes
 * its meaning; a new field does not count. Commands never load this file: tests hold their output against it.
 */
const digest = v.custom<Digest>(isDigest, "a digest");
const text = v.string();
const maybeText = v.nullable(text);
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const moment = v.pipe(text, v.isoTimestamp());
const schema = v.literal(1);

const exit = v.variant("kind", [
  v.strictObject({ kind: v.literal("code"), code: count }),
  v.strictObject({ kind: v.literal("signal"), signal: text, number: count }),
  v.strictObject({ kind: v.literal("spawn-failed"), code: count, message: text }),
]);

/** Why a version is recorded as failed. */
const failure = v.variant("kind", [
  v.strictObject({ kind: v.literal("timeout"), afterMs: count }),
  v.strictObject({ kind: v.picklist(["exited", "crashed-on-probation"]), exit }),
  v.strictObject({ kind: v.literal("interrupted"), tries: count }),
  v.strictObject({ kind: v.picklist(["unusable", "corrupt"]), message: text }),
  v.strictObject({ kind: v.picklist(["imported", "unrecorded", "rolled-back"]) }),
]);

const failureKind = v.picklist([
  "timeout",
  "exited",
  "crashed-on-probation",
  "interrupted",
  "unusable",
  "corrupt",
  "imported",
  "unrecorded",
  "rolled-back",
]);

const version = v.strictObject({ digest, reference: maybeText, label: maybeText });

const loader = v.strictObject({
  schema,
  loaderVersion: text,
  pid: count,
  state: v.picklist(["idle", "launching", "trial", "committed", "rollingBack", "exited"]),
  digest: maybeText,
  childPid: v.nullable(count),
  childSince: v.nullable(moment),
  trialUntil: v.nullable(moment),
  onProbation: v.boolean(),
  shuttingDown: v.boolean(),
  since: moment,
});

/** One version that was or is to be tried: open, with the starts it has used, or decided, with its reason. */
const attempt = v.variant("state", [
  v.strictObject({
    digest,
    state: v.picklist(["staged", "on trial"]),
    starts: count,
    reason: v.null(),
    why: v.null(),
    at: v.null(),
  }),
  v.strictObject({
    digest,
    state: v.picklist(["failed", "parked"]),
    starts: v.null(),
    reason: failure,
    why: text,
    at: moment,
  }),
]);

const status = v.strictObject({
  schema,
  health: v.picklist(["healthy", "degraded", "not running"]),
  target: maybeText,
  fault: maybeText,
  loader: v.nullable(loader),
  stable: v.nullable(digest),
  reference: maybeText,
  label: maybeText,
  trial: v.nullable(digest),
  staged: v.nullable(digest),
  previous: v.nullable(digest),
  retained: v.array(version),
  lastCheck: v.nullable(
    v.strictObject({
      at: moment,
      result: v.picklist(["current", "refused", "staged", "failed"]),
      digest: v.exactOptional(digest),
      code: v.exactOptional(text),
      message: v.exactOptional(text),
      nextAt: v.exactOptional(moment),
      rateLimit: v.exactOptional(v.strictObject({ host: text, limit: count, remaining: count, windowSecs: count })),
    }),
  ),
  failed: v.array(v.strictObject({ digest, at: moment, kind: failureKind, why: text })),
  attempts: v.array(attempt),
  storage: v.nullable(v.strictObject({ blobs: count, versions: count, retained: count, free: count, total: count })),
});

const answer = { schema, sentence: text };

const why = v.variant("kind", [
  v.strictObject({ ...answer, kind: v.literal("current"), digest, agoMs: count }),
  v.strictObject({ ...answer, kind: v.literal("not-running"), dataDir: text }),
  v.strictObject({ ...answer, kind: v.literal("read-only"), fault: text }),
  v.strictObject({ ...answer, kind: v.literal("first-download"), target: maybeText, fault: maybeText }),
  v.strictObject({ ...answer, kind: v.picklist(["no-target", "never-checked", "changed-since"]) }),
  v.strictObject({ ...answer, kind: v.picklist(["pinned", "staged"]), digest }),
  v.strictObject({ ...answer, kind: v.literal("on-trial"), digest, leftMs: v.nullable(count) }),
  v.strictObject({
    ...answer,
    kind: v.literal("working"),
    step: v.picklist(["check", "download", "extract", "stageAttempt"]),
  }),
  v.strictObject({ ...answer, kind: v.literal("overdue"), byMs: count }),
  v.strictObject({ ...answer, kind: v.literal("check-failed"), code: text, message: text, inMs: v.nullable(count) }),
  v.strictObject({ ...answer, kind: v.literal("refused"), digest, message: text }),
  v.strictObject({ ...answer, kind: v.literal("held"), digest, seen: count, needed: count }),
  v.strictObject({
    ...answer,
    kind: v.literal("failed"),
    digest,
    reason: failure,
    times: count,
    afterMs: v.nullable(count),
  }),
]);

/** A line of the event stream: these fields, then those of its event. */
const entry = v.looseObject({
  time: moment,
  level: v.picklist(["error", "warn", "info", "debug"]),
  event: text,
  message: text,
  component: v.picklist(["loader", "app", "cli"]),
  pid: count,
});

const finding = v.strictObject({
  check: v.picklist(["configuration", "volume", "registry", "clock", "init", "node", "loader"]),
  level: v.picklist(["ok", "warning", "fault"]),
  says: text,
  mend: v.exactOptional(text),
});

export const SHAPES = {
  status,
  why,
  history: v.strictObject({ schema, entries: v.array(entry) }),
  doctor: v.strictObject({
    schema,
    healthy: v.boolean(),
    findings: v.array(finding),
    settings: v.array(v.strictObject({ env: text, value: maybeText, source: v.picklist(["environment", "default"]) })),
  }),
  check: v.variant("kind", [
    v.strictObject({ schema, kind: v.picklist(["current", "staged"]), digest }),
    v.strictObject({ schema, kind: v.literal("refused"), digest, why: text }),
    v.strictObject({
      schema,
      kind: v.literal("failed"),
      error: v.strictObject({
        code: text,
        message: text,
        retryable: v.boolean(),
        retryAfterMs: v.exactOptional(count),
      }),
    }),
    v.strictObject({ schema, kind: v.literal("not-supervised") }),
  ]),
  gc: v.strictObject({ schema, removed: count }),
  rollback: v.strictObject({ schema, from: digest, to: digest, running: v.boolean() }),
  forget: v.strictObject({ schema, forgotten: v.array(digest) }),
  verify: v.strictObject({
    schema,
    blobs: count,
    images: count,
    versions: count,
    files: count,
    findings: v.array(v.strictObject({ kind: v.picklist(["damaged", "changed", "unchecked"]), what: text, why: text })),
  }),
  pull: v.strictObject({ schema, digest, output: text }),
  inspect: v.strictObject({ schema, url: v.pipe(text, v.url()) }),
} as const;
