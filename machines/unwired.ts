import { fromCallback, fromPromise, type PromiseActorLogic } from "xstate";
import type * as ports from "./ports.ts";

/** Stands for a port until `src/` provides the adapter: a machine that is run without one fails at once and by name. */
function unwired(name: string): never {
  throw new Error(`port "${name}" is not wired: provide it with machine.provide({ actors: { ${name} } })`);
}

const promisePort = <TOutput, TInput>(name: string): PromiseActorLogic<TOutput, TInput> =>
  fromPromise<TOutput, TInput>(async () => unwired(name));

export const plan: ports.PlanPort = promisePort("plan");
export const bootstrap: ports.BootstrapPort = promisePort("bootstrap");
export const child: ports.ChildPort = fromCallback(() => unwired("child"));
export const commitWatch: ports.CommitWatchPort = fromCallback(() => unwired("commitWatch"));
export const claim: ports.ClaimPort = promisePort("claim");
export const revert: ports.RevertPort = promisePort("revert");
export const settle: ports.SettlePort = promisePort("settle");
export const check: ports.CheckPort = promisePort("check");
export const download: ports.DownloadPort = promisePort("download");
export const extract: ports.ExtractPort = promisePort("extract");
export const stageAttempt: ports.StageAttemptPort = promisePort("stageAttempt");
