/** Cuts the power at every operation of a scenario, boots every disk that may be left, and kills again inside that boot. */
import { copyDisk, type Disk, type Entry } from "./disk.ts";
import { crashStates, type Random, seeded, type Seen, seenDisks } from "./crash.ts";
import { checkDisk } from "./invariants.ts";
import type { Scenario } from "./scenario.ts";
import { A } from "./versions.ts";
import { boot, openWorld, type Promised, type World } from "./world.ts";

export interface Violation {
  readonly scenario: string;
  /** Operations that had happened, and which one was last. */
  readonly at: number;
  readonly last: string;
  readonly inRecovery: boolean;
  readonly what: string;
}

export interface Swept {
  readonly scenario: string;
  readonly operations: number;
  /** Distinct disks, those left by a crash inside recovery counted apart. */
  readonly states: number;
  readonly recoveryStates: number;
  readonly violations: readonly Violation[];
}

export interface SweepOptions {
  /** Every n-th state is also booted under the knife; 0: none. */
  readonly recoverEvery: number;
  /** Ends at the first violation. */
  readonly hasty?: boolean;
  readonly seed?: number;
}

const nameOf = (entry: Entry | undefined): string => {
  if (entry === undefined) return "nothing";
  const names = [("name" in entry && entry.name) || "", ("toName" in entry && entry.toName) || ""].filter(
    (name) => name !== "",
  );
  return `${entry.op} ${names.join(" -> ")}`.trim();
};

/** What is promised at a point: until a promise is durable the one before it may hold as well. */
function promisedAt(world: World, at: number): Promised {
  return world.promises[Math.max(indexAt(world, at), 0)]?.promised ?? { stable: [A], online: true };
}

const indexAt = ({ promises }: World, at: number): number => promises.findLastIndex((promise) => promise.at <= at);

export async function sweep(scenario: Scenario, options: SweepOptions): Promise<Swept> {
  const random = seeded(options.seed ?? 1);
  const start = await scenario.start();
  const linked = openWorld(start).store.links.read("entrypoint").kind === "version";
  const world = openWorld(start);
  await scenario.play(world);
  const seen = seenDisks();
  const violations: Violation[] = [];
  const seenInside = seenDisks();
  const check = async (
    disk: Disk,
    at: number,
    last: string,
    promised: Promised,
    inRecovery: boolean,
  ): Promise<void> => {
    try {
      await checkDisk(disk, promised, linked);
    } catch (error) {
      violations.push({ scenario: scenario.name, at, last, inRecovery, what: (error as Error).message });
    }
  };
  const enough = (): boolean => options.hasty === true && violations.length > 0;
  let count = 0;
  for (const { disk, at } of crashStates(start, world.fs.log, random, seen, { epochOf: (at) => indexAt(world, at) })) {
    const promised = promisedAt(world, at);
    const last = nameOf(world.fs.log[at - 1]);
    await check(disk, at, last, promised, false);
    count += 1;
    if (options.recoverEvery > 0 && count % options.recoverEvery === 0) {
      for (const again of await crashesInside(disk, random, seenInside)) {
        await check(again, at, last, promised, true);
        if (enough()) break;
      }
    }
    if (enough()) break;
  }
  return {
    scenario: scenario.name,
    operations: world.fs.log.length,
    states: seen.count(),
    recoveryStates: seenInside.count(),
    violations,
  };
}

/** Distinct disks that a crash inside the boot of this disk may leave. */
async function crashesInside(disk: Disk, random: Random, seen: Seen): Promise<Disk[]> {
  const world = openWorldQuietly(disk);
  if (world === undefined) return [];
  try {
    await boot(world, A);
  } catch {
    // Reported by the check of the state itself.
  }
  return [...crashStates(copyDisk(disk), world.fs.log, random, seen, { from: 1 })].map((state) => state.disk);
}

function openWorldQuietly(disk: Disk): World | undefined {
  try {
    return openWorld(disk);
  } catch {
    return undefined;
  }
}
