/** All that can happen next: the loader's ports answer, its timers fire, and the adversary acts, stops and cuts the power. */
import type { Claim, FailureReason, LaunchPlan } from "../../../machines/ports.ts";
import type { Digest } from "../../../src/digest.ts";
import { possibleSteps, ROLLBACK, startOf } from "../../model/supervisor-model.ts";
import { actorId, commits, done, type PromisePort, SHUTDOWN, START } from "../../model/supervisor-steps.ts";
import type { SupervisorStep } from "../../model/supervisor-steps.ts";
import type { World } from "../model/world.ts";
import { act, type Action, crashed, type Move, settled, told } from "./act.ts";
import { appMoves } from "./app-moves.ts";
import type { Disks } from "./disks.ts";
import type { Moment } from "./moment.ts";
import * as steps from "./steps.ts";

/** The answer of every port that is at work. */
async function answers(disks: Disks, from: Moment): Promise<Move[]> {
  const { loader, unclean, planned } = from;
  if (loader === null) return [];
  const { context, children } = loader;
  const at = (port: PromisePort): boolean => actorId(port) in children;
  const digest = context.plan.kind === "empty" ? "sha256:" : context.plan.digest;
  const loaderStep = <T>(
    port: PromisePort,
    name: string,
    action: Action<T>,
    step: (answer: T) => SupervisorStep,
    more: Partial<Moment> = {},
  ): Promise<Move[]> => {
    const tried = (world: World) => settled(action, world);
    return act(disks, from, { name, byLoader: true, action: tried }, (answer, disk) =>
      told({ ...from, disk, ...more }, answer.ok ? step(answer.value) : { step: "failed", port, error: answer.error }),
    );
  };

  const thorough = unclean && !planned;
  if (at("plan")) {
    const step = (output: LaunchPlan): SupervisorStep => ({ step: "done", port: "plan", output });
    return loaderStep("plan", `plan${thorough ? " thoroughly" : ""}`, (world) => steps.plan(world, thorough), step, {
      planned: true,
    });
  }
  if (at("bootstrap")) return loaderStep("bootstrap", "bootstrap", steps.bootstrap, () => done("bootstrap"));
  if (at("claim")) {
    const facts = claimFacts(from);
    const step = (output: Claim): SupervisorStep => ({ step: "done", port: "claim", output });
    return loaderStep("claim", `claim ${JSON.stringify(facts)}`, (world) => steps.claim(world, facts), step);
  }
  if (at("revert")) {
    const reason = context.reason ?? { kind: "timeout", afterMs: 0 };
    const name = `revert ${digest} ${JSON.stringify(reason)} ${unclean}`;
    return loaderStep(
      "revert",
      name,
      (world) => steps.goBack(world, { digest, reason }, unclean),
      () => done("revert"),
    );
  }
  if (at("settle"))
    return loaderStep(
      "settle",
      `settle ${digest}`,
      (world) => steps.prove(world, digest),
      () => done("settle"),
    );
  return [];
}

function claimFacts({ loader }: Moment): { digest: Digest; reason: FailureReason; childAlive: boolean } {
  const actor = loader?.children[actorId("claim") as never] as { options: { input: unknown } } | undefined;
  return actor?.options.input as { digest: Digest; reason: FailureReason; childAlive: boolean };
}

/** Any timer that is armed may be the next to fire: time itself does not matter. */
function timers(from: Moment): Move[] {
  if (from.loader === null) return [];
  return possibleSteps(from.loader).flatMap((step) =>
    step.step === "elapsed"
      ? told(from, step).map((to) => ({ name: `${step.delay} is over`, cut: false, from, to, byLoader: true }))
      : [],
  );
}

/** The commit is seen, or the loader is told to stop, or it dies, with everything in its container. */
function outside(disks: Disks, from: Moment): Move[] {
  const { loader, app, disk } = from;
  if (loader === null || loader.status === "done") return [];
  const moves: Move[] = [];
  const add = (name: string, byLoader: boolean, to: readonly Moment[]): void =>
    void moves.push(...to.map((moment) => ({ name, cut: false, from, to: moment, byLoader })));
  const { plan, shutdown } = loader.context;
  if (loader.matches("trial") && plan.kind === "trial" && disks.facts(disk).entrypoint === plan.digest)
    add("commit is seen", true, told(from, commits(plan.digest)));
  if (shutdown === null && !(actorId("plan") in loader.children)) add("SIGTERM", false, told(from, SHUTDOWN));
  if (app !== null && from.crashesLeft > 0)
    moves.push({ name: "all is killed", cut: true, from, to: crashed(from, disk), byLoader: false });
  return moves;
}

/** A loader that is stopped while it plans ends when that work has: given up before the start was counted, or too late. */
async function stopsPlanning(disks: Disks, from: Moment): Promise<Move[]> {
  if (from.loader === null || !(actorId("plan") in from.loader.children)) return [];
  const thorough = from.unclean && !from.planned;
  const ways = [
    { name: `SIGTERM in plan${thorough ? " thoroughly" : ""}`, signal: AbortSignal.abort() },
    { name: `SIGTERM after plan${thorough ? " thoroughly" : ""}`, signal: undefined },
  ];
  const moves = ways.map(({ name, signal }) => {
    const action = (world: World): Promise<unknown> => settled((it) => steps.plan(it, thorough, signal), world);
    return act(disks, from, { name, byLoader: false, action }, (_, disk) => told({ ...from, disk }, SHUTDOWN));
  });
  return (await Promise.all(moves)).flat();
}

/** A loader that has ended says so on disk; a new one starts. */
async function lifeCycle(disks: Disks, from: Moment): Promise<Move[]> {
  const { loader } = from;
  if (loader?.status === "done") {
    return act(disks, from, { name: "finish", byLoader: true, action: steps.finish }, (_, disk) => [
      crashed({ ...from, crashesLeft: from.crashesLeft + 1 }, disk),
    ]);
  }
  if (loader !== null) return [];
  return act(disks, from, { name: "start", byLoader: true, action: steps.takeCleanStop }, (clean, disk) =>
    told({ ...from, disk, loader: startOf(ROLLBACK), unclean: !clean, planned: false }, START),
  );
}

export async function movesFrom(disks: Disks, from: Moment): Promise<readonly Move[]> {
  const ends = await lifeCycle(disks, from);
  if (from.loader === null || from.loader.status === "done") return ends;
  return [
    ...(await answers(disks, from)),
    ...timers(from),
    ...(await appMoves(disks, from)),
    ...(await stopsPlanning(disks, from)),
    ...outside(disks, from),
  ];
}
