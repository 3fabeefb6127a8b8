import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LaunchPlan } from "../../../../machines/index.ts";
import { NEW } from "../../../model/supervisor-steps.ts";
import { stateOfProcess } from "./app.ts";
import type { Expected } from "./paths.ts";
import type { Stage } from "./stage.ts";
import { endOfLaunch, exitIn, firstClaim, isIn, isKill, nextPlan } from "./story.ts";
import { blockUntil, until } from "../../../support/replay/until.ts";

/** What acting out a step has left to do once the machine has taken it. */
export interface Acted {
  /** Undoes what made a port fail. */
  readonly mend?: () => void;
  /** A launch was planned: true when the disk said so by itself. */
  readonly natural?: boolean;
}

/** Does in the world what the step at this place of the path says; the machine then moves by itself. */
export async function act(stage: Stage, steps: readonly Expected[], index: number): Promise<Acted> {
  const { gates, download, world, options } = stage;
  const step = steps[index]?.step;
  if (step === undefined) return {};
  if (step.step === "elapsed") {
    const restart = stage.now()?.context.pendingDelayMs ?? 0;
    const { trialTimeoutMs: trialTimeout, probationMs: probation } = options;
    stage.clock.fire({ trialTimeout, probation, settledUptime: 10_000, restart }[step.delay]);
    return {};
  }
  if (step.step === "failed") {
    if (step.port === "bootstrap") download.set("fail");
    if (step.port === "claim") dieBeforeKill(stage, steps, index);
    if (step.port === "plan" || step.port === "claim") {
      gates.fail(step.port);
      return {};
    }
    const mend = step.port === "bootstrap" ? () => {} : world.disturb(step.port);
    gates.open(step.port);
    return { mend };
  }
  if (step.step === "done") {
    if (step.port === "plan" && typeof step.output === "object") return launch(stage, steps, index, step.output);
    if (step.port === "bootstrap") download.set("works");
    if (step.port === "claim") await takeSides(stage, steps, index, step.output === "committed");
    gates.open(step.port);
    return {};
  }
  const { event } = step;
  if (event.type === "START") stage.start();
  else if (event.type === "SHUTDOWN") {
    if (isIn(stage.now(), { launching: "bootstrapping" })) await beginDownload(stage);
    stage.loader()?.shutdown(event.signal);
  } else if (event.type === "LINK.COMMITTED") stage.orders.give("commit");
  else if (event.type === "CHILD.EXITED") endChild(stage, steps, index);
  else throw new Error(`${event.type} is on no shortest path`);
  return {};
}

/** Sets the disk up where it does not say this plan by itself, and the app for the end it will have. */
async function launch(stage: Stage, steps: readonly Expected[], index: number, plan: LaunchPlan): Promise<Acted> {
  const { world, gates, folder } = stage;
  const natural = await world.prepare(plan);
  if (plan.kind !== "empty" && endOfLaunch(steps, index)?.kind === "spawn-failed") world.breakProgram(plan.digest);
  const greets = join(folder, "greets");
  if (plan.kind === "trial" && firstClaim(steps, index) !== "stop-first") writeFileSync(greets, "");
  else rmSync(greets, { force: true });
  stage.forgetPid();
  gates.open("plan");
  return { natural };
}

/** The commit that the loader has not seen when its claim begins; or none. */
async function takeSides(stage: Stage, steps: readonly Expected[], index: number, commits: boolean): Promise<void> {
  const { links } = stage.world.store;
  if (!commits) dieBeforeKill(stage, steps, index);
  else if (stage.now()?.context.alive === true) {
    stage.orders.give("commit");
    await until("the app has committed", () => links.read("attempting").kind === "absent");
  } else links.commit();
}

/** An app that ends by itself in the moment in which it is killed: dead before the signal, reported after it. */
function dieBeforeKill({ pid, orders, now }: Stage, steps: readonly Expected[], index: number): void {
  const dying = pid();
  const end = steps.findIndex((expected, later) => later > index && exitIn(expected) !== undefined);
  const exit = steps[end] === undefined ? undefined : exitIn(steps[end]);
  if (now()?.context.alive !== true || dying === undefined || exit?.kind !== "code" || !isKill(steps, end)) return;
  orders.give(`exit ${exit.code}`);
  blockUntil(`the app ${dying} has ended`, () => stateOfProcess(dying) === "Z");
}

async function beginDownload({ download, gates }: Stage): Promise<void> {
  download.set("hang");
  gates.open("bootstrap");
  await until("the download runs", download.hasBegun);
}

/** The app ends as the path says: told to, or by a signal. One that a KILL has met has been dealt with before. */
function endChild({ pid, orders, world, download }: Stage, steps: readonly Expected[], index: number): void {
  const exit = steps[index] === undefined ? undefined : exitIn(steps[index]);
  const child = pid();
  if (exit?.kind === "signal" && child !== undefined && stateOfProcess(child) !== undefined)
    process.kill(child, exit.signal);
  if (exit?.kind !== "code" || isKill(steps, index)) return;
  const stages = exit.code === 42 && nextPlan(steps, index)?.kind === "trial";
  if (stages && world.store.links.digest("entrypoint") === download.digest) orders.give(`stage ${NEW}`);
  orders.give(`exit ${exit.code}`);
}
