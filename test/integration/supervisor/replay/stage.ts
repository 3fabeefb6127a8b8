import { existsSync } from "node:fs";
import { join } from "node:path";
import type { SupervisorOptions, SupervisorSnapshot } from "../../../../machines/index.ts";
import { readConfig } from "../../../../src/config/load.ts";
import type { LoaderEvent } from "../../../../src/log/events.ts";
import { supervise, type Supervisor } from "../../../../src/supervisor/index.ts";
import { openOrders, type Orders } from "./app.ts";
import { createManualClock, type ManualClock } from "../../../support/replay/clock.ts";
import type { Download } from "./download.ts";
import { createGates, type SupervisorGates } from "./gates.ts";
import { inTime, until } from "../../../support/replay/until.ts";
import { createWorld, type World } from "./world.ts";

/** Long enough that no grace ends by itself: an app dies when a path says so. */
const GRACE_MS = 600_000;

/** A real loader in a world of its own, and the hands that move both. */
export interface Stage {
  readonly folder: string;
  readonly options: SupervisorOptions;
  readonly world: World;
  readonly orders: Orders;
  readonly clock: ManualClock;
  readonly gates: SupervisorGates;
  readonly download: Download;
  readonly events: readonly LoaderEvent[];
  /** Every snapshot of the real machine, in order. */
  readonly seen: readonly SupervisorSnapshot[];
  readonly now: () => SupervisorSnapshot | undefined;
  readonly loader: () => Supervisor | undefined;
  readonly start: () => void;
  /** The process of the last launch; undefined when it could not be started. */
  readonly pid: () => number | undefined;
  readonly forgetPid: () => void;
  readonly isUp: () => boolean;
  /** Resolves when the machine has taken more than so many events. */
  readonly moved: (seen: number) => Promise<void>;
  /** Whatever the state: asked again and again, and nothing held back, the loader ends. */
  readonly end: () => Promise<void>;
}

export function createStage(folder: string, options: SupervisorOptions, download: Download): Stage {
  const world = createWorld(folder, download.digest);
  const orders = openOrders(folder);
  const clock = createManualClock();
  const gates = createGates();
  const events: LoaderEvent[] = [];
  const seen: SupervisorSnapshot[] = [];
  let arrival = Promise.withResolvers<void>();
  let loader: Supervisor | undefined;
  let pid: number | undefined;

  const env = {
    PATH: process.env["PATH"],
    LAB: folder,
    DOCKERLOADER_DATA_DIR: world.dataDir,
    DOCKERLOADER_TARGET: download.target,
    DOCKERLOADER_LOG_LEVEL: "error",
    DOCKERLOADER_TRIAL: "set by mistake",
  };
  const config = { ...readConfig(env).config, ...options, stopGraceMs: GRACE_MS };
  const emit = (event: LoaderEvent): void => {
    events.push(event);
    if (event.type === "child.spawned") pid = event.childPid;
  };
  const onSnapshot = (snapshot: SupervisorSnapshot): void => {
    seen.push(snapshot);
    arrival.resolve();
  };
  const now = (): SupervisorSnapshot | undefined => seen.at(-1);

  return {
    folder,
    options,
    world,
    orders,
    clock,
    gates,
    download,
    events,
    seen,
    now,
    loader: () => loader,
    start: () => {
      const settings = { config, env, args: [], fetchCommand: download.command, log: { emit }, random: () => 0.5 };
      loader = supervise(settings, { clock, wrap: gates.wrap, onSnapshot });
    },
    pid: () => pid,
    forgetPid: () => (pid = undefined),
    isUp: () => pid !== undefined && existsSync(join(folder, `up-${pid}`)),
    moved: async (count) => {
      arrival = Promise.withResolvers();
      if (seen.length <= count) await inTime("the machine to move", arrival.promise);
    },
    end: async () => {
      const urge = (): void => {
        for (const port of ["claim", "revert"] as const) gates.open(port);
        if (now()?.status !== "done") loader?.shutdown("SIGTERM");
      };
      urge();
      urge();
      let over = loader === undefined;
      void loader?.done.then(() => (over = true));
      await until("the loader has ended", () => {
        if (!over) urge();
        return over;
      });
      orders.close();
    },
  };
}
