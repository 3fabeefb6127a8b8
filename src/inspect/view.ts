import type { ContentDigest, Digest } from "../digest.ts";
import type { LinkFacts } from "../log/events.ts";

/** A machine as it stands, and the step that brought it there. */
export interface MachineView {
  readonly state: string;
  /** All active states by their full names, outermost first. */
  readonly path: readonly string[];
  readonly from: string | null;
  readonly cause: string | null;
  readonly at: string | null;
}

export interface ChildView {
  readonly pid: number;
  readonly digest: Digest;
  readonly since: string;
  readonly reference: string | null;
  readonly label: string | null;
  /** When its trial runs out; null once it is committed. */
  readonly trialUntil: string | null;
  readonly timeoutMs: number | null;
}

export interface LayerView {
  readonly digest: ContentDigest;
  readonly bytes: number;
  readonly total: number;
  readonly state: "loading" | "done" | "reused";
}

/** A version and what became of it, newest first in `View.versions`. */
export interface VersionView {
  readonly digest: Digest;
  readonly label: string | null;
  readonly fate: "staged" | "on trial" | "committed" | "rolled back" | "failed" | "replaced";
  readonly why: string | null;
  readonly at: string;
}

export interface CheckView {
  readonly at: string;
  readonly result: "current" | "refused" | "staged" | "failed";
  readonly digest: Digest | null;
  readonly code: string | null;
  readonly nextAt: string | null;
}

/** Everything the event stream tells, as of its last line. Plain data: it crosses the wire as it is. */
export interface View {
  readonly loader: { readonly version: string; readonly pid: number; readonly since: string } | null;
  readonly supervisor: MachineView & { readonly onProbation: boolean };
  readonly update: MachineView;
  readonly child: ChildView | null;
  readonly links: LinkFacts;
  readonly failed: readonly { readonly digest: Digest; readonly at: string; readonly why: string }[];
  readonly lastCheck: CheckView | null;
  readonly layers: readonly LayerView[];
  readonly versions: readonly VersionView[];
}

const machine = (state: string): MachineView => ({ state, path: [state], from: null, cause: null, at: null });

/** The view before the first event. */
export const EMPTY_VIEW: View = {
  loader: null,
  supervisor: { ...machine("idle"), onProbation: false },
  update: machine("idle"),
  child: null,
  links: { stable: null, staged: null, trial: null, previous: null },
  failed: [],
  lastCheck: null,
  layers: [],
  versions: [],
};
