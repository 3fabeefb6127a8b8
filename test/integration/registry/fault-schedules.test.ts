/** Random faults in random requests and connections, by the thousand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LIMITS } from "../../../src/limits.ts";
import { type Random, randomFrom } from "../../support/random.ts";
import { bundleSubject } from "./bundle.ts";
import { FAULT_KINDS } from "./fault-kinds.ts";
import { attempt, openWorld, requireSound, requireWhole, type World } from "./fault-world.ts";
import { openPlace, type Place } from "./support.ts";

/** A tenth of them where nobody waits for the whole. */
const SCHEDULES = process.env["CI"] === "true" ? 1_000 : 100;
const WORKERS = 4;
/** A minute on two idle cores. */
const LIMIT_MS = 1_200_000;
const subject = await bundleSubject();
/** Faults that cost no waiting, so that a thousand stories take about a minute. The others are in the matrix. */
const SWIFT = FAULT_KINDS.filter(({ name, waits }) => waits !== true && !/endless|oversized/.test(name));
/** One try fewer than a request has: whatever request they meet, it gets over so many faults. */
const SURVIVABLE = LIMITS.requestTries - 1;

interface Schedule {
  /** Faults that have happened. */
  readonly played: () => number;
  /** True as long as a pull has to get over all that has happened. */
  readonly survivable: () => boolean;
  readonly stop: () => void;
}

/** Lets requests and connections fail with some chance, most often no more of them than can be survived. */
function schedule({ registry, elsewhere, host, meddle }: World, random: Random): Schedule {
  const chance = 1 + random.below(8);
  const most = random.once(5) ? 20 : 1 + random.below(SURVIVABLE);
  let played = 0;
  let fatal = false;
  const strike = (): boolean => {
    if (played >= most || random.below(10) >= chance) return false;
    played += 1;
    return true;
  };
  const takeBack = registry.fault(() => {
    const kind = SWIFT[random.below(SWIFT.length)];
    if (kind === undefined || !strike()) return undefined;
    fatal ||= kind.ends.length > 0;
    return kind.fault({ own: host, other: elsewhere.host });
  });
  meddle(() => {
    if (random.once(2) || !strike()) return undefined;
    const afterBytes = random.below(random.once(2) ? 800 : 25_000);
    const kind = random.pick<"reset" | "end" | "flip">(["reset", "end", "flip"]);
    if (kind !== "flip") return { kind, afterBytes };
    // A bit that is another may make anything of an answer.
    fatal = true;
    return { kind, atByte: afterBytes };
  });
  return {
    played: () => played,
    survivable: () => !fatal && played <= SURVIVABLE,
    stop: () => {
      takeBack();
      meddle(() => undefined);
    },
  };
}

/** Takes the next version off the volume, so that one volume with one running version serves for many schedules. */
async function forget({ next }: World, { store }: Place): Promise<void> {
  await store.durable.retire(store.layout.tree(next.digest));
  for (const digest of next.blobs.keys()) {
    await store.durable.retire(store.layout.blob(digest));
    store.durable.drop(store.layout.partialBlob(digest));
  }
  store.durable.drop(store.layout.receipt(next.digest));
}

async function work(worker: number, outcomes: Record<"survived" | "refused" | "faults", number>): Promise<void> {
  await using world = await openWorld({ subject });
  using place = openPlace(world.subject);
  const { registry, first, next } = world;
  await registry.pushIndex("app", "stable", [{ image: first }]);
  assert.equal(await attempt(world, place), first.digest);
  await registry.pushIndex("app", "stable", [{ image: next }]);
  for (let seed = worker; seed < SCHEDULES; seed += WORKERS) {
    const random = randomFrom(seed);
    const update = random.once(2);
    if (update) place.store.links.point("entrypoint", first.digest);
    else place.store.links.drop("entrypoint");
    await forget(world, place);
    if (random.once(2)) registry.revokeTokens();
    const faults = schedule(world, random);
    const result = await attempt(world, place);
    faults.stop();
    const story = `seed ${seed}, ${faults.played()} faults`;
    if (faults.survivable()) assert.equal(result, next.digest, story);
    outcomes.faults += faults.played();
    outcomes[result === next.digest ? "survived" : "refused"] += 1;
    await requireSound(world, place, update ? first.digest : undefined, result).catch((cause: unknown) => {
      throw new Error(story, { cause });
    });
  }
  requireWhole(world, place, first.digest);
}

test(
  `${SCHEDULES} random schedules: nothing wrong is installed, and what can be survived ends installed`,
  { timeout: LIMIT_MS },
  async (t) => {
    const outcomes = { survived: 0, refused: 0, faults: 0 };
    await Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(worker, outcomes)));
    t.diagnostic(JSON.stringify(outcomes));
    assert.equal(outcomes.survived + outcomes.refused, SCHEDULES);
    // Or the schedules would show nothing.
    assert.ok(outcomes.survived > SCHEDULES / 5 && outcomes.refused > SCHEDULES / 5 && outcomes.faults > SCHEDULES);
  },
);
