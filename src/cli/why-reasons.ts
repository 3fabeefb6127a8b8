import type { FailureReason } from "../../machines/ports.ts";
import type { Digest } from "../digest.ts";
import { describeExit, describeFailure, describeMs } from "../log/messages.ts";
import type { OtherReason } from "../store/records.ts";
import { describeSpan } from "./format.ts";

/** Every reason for which the running version is not the newest, or for which that question has no answer. */
export type Reason =
  | { readonly kind: "current"; readonly digest: Digest; readonly agoMs: number }
  | { readonly kind: "not-running"; readonly dataDir: string }
  | { readonly kind: "read-only"; readonly fault: string }
  | { readonly kind: "first-download"; readonly target: string | null; readonly fault: string | null }
  | { readonly kind: "no-target" }
  | { readonly kind: "pinned"; readonly digest: Digest }
  | { readonly kind: "on-trial"; readonly digest: Digest; readonly leftMs: number | null }
  | { readonly kind: "staged"; readonly digest: Digest }
  | { readonly kind: "working"; readonly step: "check" | "download" | "extract" | "stageAttempt" }
  | { readonly kind: "never-checked" }
  | { readonly kind: "changed-since" }
  | { readonly kind: "overdue"; readonly byMs: number }
  | { readonly kind: "check-failed"; readonly code: string; readonly message: string; readonly inMs: number | null }
  | { readonly kind: "refused"; readonly digest: Digest; readonly message: string }
  | { readonly kind: "held"; readonly digest: Digest; readonly seen: number; readonly needed: number }
  | {
      readonly kind: "failed";
      readonly digest: Digest;
      readonly reason: FailureReason | OtherReason;
      /** How often it has failed, as far as the history goes back. */
      readonly times: number;
      readonly afterMs: number | null;
    };

type Sentences = { readonly [K in Reason["kind"]]: (reason: Extract<Reason, { kind: K }>) => string };

const STEPS = {
  check: "the registry is being asked right now",
  download: "a newer version is being downloaded right now",
  extract: "a newer version has been downloaded and is being unpacked right now",
  stageAttempt: "a newer version is being staged right now",
} as const;

/** The one table of answers: what is so, then what would change it. */
const SENTENCES: Sentences = {
  current: ({ digest, agoMs }) => `The newest version runs: ${digest}, as of the check ${describeSpan(agoMs)} ago.`,
  "not-running": ({ dataDir }) =>
    `No loader runs on ${dataDir}, so nothing is updated; start one with \`dockerloader run\`.`,
  "read-only": ({ fault }) =>
    `The volume takes no writes: ${fault}. The version on it runs, and nothing is updated until it is mounted read-write.`,
  "first-download": ({ target, fault }) =>
    `The first download of ${target ?? "the image"} has not finished${fault === null ? "" : `: ${fault}`}. It is tried again until it succeeds.`,
  "no-target": () => "DOCKERLOADER_TARGET is not set, so there is nothing to follow; set it to the image to follow.",
  pinned: ({ digest }) => `DOCKERLOADER_TARGET is pinned to ${digest}, which never changes; name a tag to follow one.`,
  "on-trial": ({ digest, leftMs }) =>
    `${digest} is on trial right now${leftMs === null ? "" : `, ${describeSpan(leftMs)} are left`}; it is committed when it becomes ready.`,
  staged: ({ digest }) =>
    `${digest} is downloaded and staged; it goes on trial when the app exits with 42 or the container restarts.`,
  working: ({ step }) => `The answer is on its way: ${STEPS[step]}.`,
  "never-checked": () =>
    "Nobody has looked for an update yet: the app has to call `startUpdateLoop` or `dockerloader check`.",
  "changed-since": () => "The running version has changed since the last check; the next check brings the answer.",
  overdue: ({ byMs }) =>
    `The app has stopped looking for updates: its next check was due ${describeSpan(byMs)} ago. Its update loop or the app itself hangs.`,
  "check-failed": ({ code, message, inMs }) =>
    `The last check failed: ${message} [${code}]; ${inMs === null ? "the app decides when to look again" : `the next one comes in ${describeSpan(inMs)}`}.`,
  refused: ({ digest, message }) => `${digest} was refused: ${message}; a new digest is looked at again.`,
  held: ({ digest, seen, needed }) =>
    `${digest} was replaced here before, so it is taken when ${needed} checks in a row have found it, and ${seen} ${seen === 1 ? "has" : "have"}; \`dockerloader forget ${digest}\` takes it at the next one.`,
  failed: ({ digest, reason, times, afterMs }) =>
    `${digest} failed${describeTimes(reason, times)}: ${describeOutcome(reason, afterMs)}; a new digest or \`dockerloader forget ${digest}\` tries again.`,
};

function describeTimes(reason: FailureReason | OtherReason, times: number): string {
  const trial = reason.kind === "exited" || reason.kind === "timeout";
  const count = times < 2 ? "" : times === 2 ? " twice" : ` ${times} times`;
  return `${trial ? " its trial" : reason.kind === "crashed-on-probation" ? " on probation" : ""}${count}`;
}

/** What was seen of it, and after how long. */
function describeOutcome(reason: FailureReason | OtherReason, afterMs: number | null): string {
  const after = afterMs === null ? "" : ` after ${describeSpan(afterMs)}`;
  if (reason.kind === "timeout") return `it was not ready within ${describeMs(reason.afterMs)}`;
  if (reason.kind === "exited" || reason.kind === "crashed-on-probation")
    return `it ${describeExit(reason.exit)}${after}`;
  return describeFailure(reason);
}

/** Every kind of answer there is. */
export const REASON_KINDS = Object.keys(SENTENCES) as readonly Reason["kind"][];

/** The answer to "why", in one or two sentences. */
export function describeWhy(reason: Reason): string {
  return (SENTENCES[reason.kind] as (reason: Reason) => string)(reason);
}
