/**
 * The vocabulary of both machines and the type of every port they call.
 * Pure: types only. Adapters in `src/` are written against these names.
 */
import type { CallbackActorLogic, PromiseActorLogic } from "xstate";

/** A content digest, `sha256:` and 64 lower-case hex digits (OCI image-spec, descriptor.md, "Digests"). */
export type Digest = `sha256:${string}`;

/** The name of a POSIX signal, e.g. `SIGTERM`. */
export type SignalName = `SIG${string}`;

/** How a child process ended: with a code, by a signal, or it never started. */
export type ChildExit =
  | { readonly kind: "code"; readonly code: number }
  | { readonly kind: "signal"; readonly signal: SignalName; readonly number: number }
  | { readonly kind: "spawn-failed"; readonly code: 126 | 127; readonly message: string };

/** What the links on disk say is to be launched next. */
export type LaunchPlan =
  | { readonly kind: "trial"; readonly digest: Digest; readonly attempt: number }
  | { readonly kind: "stable"; readonly digest: Digest; readonly onProbation: boolean }
  | { readonly kind: "empty" };

/** Why a version is taken back. */
export type FailureReason =
  | { readonly kind: "timeout"; readonly afterMs: number }
  | { readonly kind: "exited"; readonly exit: ChildExit }
  | { readonly kind: "crashed-on-probation"; readonly exit: ChildExit };

/** Why the loader ends by itself. `exitCode` follows sysexits.h. */
export interface LoaderFault {
  readonly code: string;
  readonly message: string;
  readonly exitCode: number;
}

/**
 * The verdict of the one rename that decides a trial.
 * `claimed`: the loader won and the version is off. `committed`: the app was first.
 * `stop-first`: this app would mistake a missing link for a commit, so it has to be dead before the claim.
 */
export type Claim = "claimed" | "committed" | "stop-first";

/** Events a running child reports to the supervisor machine. */
export type ChildEvent = { readonly type: "CHILD.EXITED"; readonly exit: ChildExit };
/** The event the commit watch reports: the entrypoint link now shows the version on trial. */
export type LinkEvent = { readonly type: "LINK.COMMITTED"; readonly digest: Digest };
/** What the machine asks of a running child. `STOP`: signal, grace, then SIGKILL to the group. */
export type ChildCommand =
  | { readonly type: "STOP"; readonly signal: SignalName }
  | { readonly type: "KILL" }
  | { readonly type: "SIGNAL"; readonly signal: SignalName };

/** Recovers the disk and says what to launch. Idempotent; counts a trial durably before it answers `trial`. */
export type PlanPort = PromiseActorLogic<LaunchPlan, undefined>;
/** Downloads the first version. Retries what can pass by itself; rejects with a fault otherwise. */
export type BootstrapPort = PromiseActorLogic<void, undefined>;
/** Runs one child until it exits; reports exactly one CHILD.EXITED. */
export type ChildPort = CallbackActorLogic<ChildCommand, { readonly plan: LaunchPlan }, ChildEvent>;
/** Watches the links until the version on trial is committed; reports at most one LINK.COMMITTED. */
export type CommitWatchPort = CallbackActorLogic<LinkEvent, { digest: Digest }, LinkEvent>;
/** Decides a trial by one rename and records the failure durably when the loader wins. */
export type ClaimPort = PromiseActorLogic<Claim, { digest: Digest; reason: FailureReason; childAlive: boolean }>;
/** Takes a committed version back during probation: records it and flips the link to the previous one. */
export type RevertPort = PromiseActorLogic<void, { digest: Digest; reason: FailureReason }>;
/** Tells the store that a version has survived its probation. */
export type SettlePort = PromiseActorLogic<void, { digest: Digest }>;

/** A newer image that was found. `reference` is what the target named when it was resolved. */
export interface Release {
  readonly digest: Digest;
  readonly reference: string;
}

/** What a check found. */
export type Verdict =
  | { readonly kind: "current"; readonly digest: Digest }
  | { readonly kind: "refused"; readonly digest: Digest; readonly why: string }
  | { readonly kind: "available"; readonly release: Release };

/** How one round of the update machine ended. */
export type UpdateResult =
  | { readonly kind: "current"; readonly digest: Digest }
  | { readonly kind: "refused"; readonly digest: Digest; readonly why: string }
  | { readonly kind: "staged"; readonly digest: Digest }
  | { readonly kind: "failed"; readonly error: UpdateFault };

/** A failure of one step, as the adapters report it. `retryAfterMs`: what the registry asked for, in milliseconds. */
export interface UpdateFault {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
}

/** Asks the registry what the target names now. Changes nothing on disk. */
export type CheckPort = PromiseActorLogic<Verdict, undefined>;
/** Fetches and verifies every blob of the release. */
export type DownloadPort = PromiseActorLogic<void, { release: Release }>;
/** Unpacks the release into a published, checked tree. */
export type ExtractPort = PromiseActorLogic<void, { release: Release }>;
/** Writes the marker and then the attempt link, each durable. The last step: after it the app exits 42. */
export type StageAttemptPort = PromiseActorLogic<void, { release: Release }>;
