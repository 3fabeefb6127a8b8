/** All that can happen next: the loader's ports answer, its timers fire, and the adversary acts, stops and cuts the power. */
import { restartDelayMs } from "../../../machines/decisions.ts";
import type { Claim, FailureReason, LaunchPlan } from "../../../machines/ports.ts";
import type { Digest } from "../../../src/digest.ts";
import { LIMITS } from "../../../src/limits.ts";
import { ROLLBACK, startOf } from "../../model/supervisor-model.ts";
import { actorId, commits, type Delay, done, type PromisePort, SHUTDOWN, START } from "../../model/supervisor-steps.ts";
import type { SupervisorStep } from "../../model/supervisor-steps.ts";
import type { World } from "../model/world.ts";
import { act, type Action, type Move, settled, told } from "./act.ts";
import { appMoves } from "./app-moves.ts";
import type { DiskId } from "./disks.ts";
import { type Moment, type Parts, stopped } from "./moment.ts";
import * as steps from "./steps.ts";

/** When each timer fires at the latest. */
const WITHIN: Readonly<Record<Delay, number>> = {
  trialTimeout: ROLLBACK.trialTimeoutMs,
  probation: ROLLBACK.probationMs,
  restart: restartDelayMs(Infinity),
  settledUptime: 0,
};

/** The answer of every port that is at work. */
async function answers(parts: Parts, from: Moment): Promise<Move[]> {
  const { loader, unclean, thorough } = from;
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
    return act(
      parts,
      from,
      { name, within: port === "plan" ? LIMITS.storeLockWaitMs : 0, action: tried },
      (answer, disk) =>
        told(
          parts,
          { ...from, disk, ...more },
          answer.ok ? step(answer.value) : { step: "failed", port, error: answer.error },
        ),
    );
  };

  if (at("plan")) {
    const step = (output: LaunchPlan): SupervisorStep => ({ step: "done", port: "plan", output });
    return loaderStep("plan", planName(thorough), (world) => steps.plan(world, thorough), step, {
      thorough: false,
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
function timers(parts: Parts, from: Moment): Move[] {
  if (from.loader === null) return [];
  return parts.loaders.armed(from.loader).flatMap((step) =>
    told(parts, from, step).map((to) => ({
      name: `${step.delay} is over`,
      cut: false,
      from,
      to,
      within: WITHIN[step.delay],
    })),
  );
}

/** The commit is seen, or the loader is told to stop, or it dies, with everything in its container. */
function outside(parts: Parts, from: Moment): Move[] {
  const { loader, app, disk } = from;
  if (loader === null || loader.status === "done") return [];
  const moves: Move[] = [];
  const add = (name: string, within: number | null, to: readonly Moment[]): void =>
    void moves.push(...to.map((moment) => ({ name, cut: false, from, to: moment, within })));
  const { plan, shutdown } = loader.context;
  if (loader.matches("trial") && plan.kind === "trial" && parts.disks.facts(disk).entrypoint === plan.digest)
    add("commit is seen", WITHIN.trialTimeout, told(parts, from, commits(plan.digest)));
  if (shutdown === null && !(actorId("plan") in loader.children)) add("SIGTERM", null, told(parts, from, SHUTDOWN));
  if (app !== null) moves.push({ name: "all is killed", cut: true, from, to: stopped(disk), within: null });
  return moves;
}

/** A loader that is stopped while it plans ends when that work has: given up before the start was counted, or too late. */
async function stopsPlanning(parts: Parts, from: Moment): Promise<Move[]> {
  if (from.loader === null || !(actorId("plan") in from.loader.children)) return [];
  const { thorough } = from;
  const then = (_: unknown, disk: DiskId): readonly Moment[] => told(parts, { ...from, disk }, SHUTDOWN);
  const stops = (name: string, step: string, signal?: AbortSignal): Promise<Move[]> => {
    const action = (world: World): Promise<unknown> => settled((it) => steps.plan(it, thorough, signal), world);
    return act(parts, from, { name, step, within: null, action }, then);
  };
  const plan = planName(thorough);
  const given = await stops("SIGTERM in plan", `SIGTERM in ${plan}`, ABORTED);
  return [...given, ...(await stops("SIGTERM after plan", plan))];
}

/** The signal of a loader that was stopped before its plan began to try anything. */
const ABORTED = AbortSignal.abort();

const planName = (thorough: boolean): string => `plan${thorough ? " thoroughly" : ""}`;

/** A loader that has ended says so on disk; a new one starts. */
async function lifeCycle(parts: Parts, from: Moment): Promise<Move[]> {
  const { loader } = from;
  if (loader?.status === "done") {
    return act(parts, from, { name: "finish", within: 0, action: steps.finish }, (_, disk) => [stopped(disk)]);
  }
  if (loader !== null) return [];
  return act(parts, from, { name: "start", within: 0, action: steps.takeCleanStop }, (clean, disk) =>
    told(
      parts,
      { ...from, disk, loader: parts.loaders.same(startOf(ROLLBACK)), unclean: !clean, thorough: !clean },
      START,
    ),
  );
}

export async function movesFrom(parts: Parts, from: Moment): Promise<readonly Move[]> {
  const ends = await lifeCycle(parts, from);
  if (from.loader === null || from.loader.status === "done") return ends;
  return [
    ...(await answers(parts, from)),
    ...timers(parts, from),
    ...(await appMoves(parts, from)),
    ...(await stopsPlanning(parts, from)),
    ...outside(parts, from),
  ];
}
