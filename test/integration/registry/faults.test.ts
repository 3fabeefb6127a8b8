/** Every fault in every phase of a pull, at a first boot and at an update; then random ones by the thousand. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DockerloaderError } from "../../../src/errors.ts";
import { type BuiltImage, type Digest, startRegistry, type TestRegistry } from "../../../src/testing/index.ts";
import { FAULT_KINDS, type FaultKind, type Phase, PHASES } from "./fault-kinds.ts";
import { imageOf, layerPath, openPlace, type Place } from "./support.ts";

const PASSWORD = "hunter2-canary";
const auth = { kind: "bearer", username: "robot", password: PASSWORD } as const;

interface World {
  readonly registry: TestRegistry;
  readonly elsewhere: TestRegistry;
  readonly first: BuiltImage;
  readonly next: BuiltImage;
  readonly authConfig: string;
}

async function openWorld(): Promise<World & AsyncDisposable> {
  const registry = await startRegistry({ auth });
  const elsewhere = await startRegistry();
  const pair = Buffer.from(`${auth.username}:${PASSWORD}`).toString("base64");
  return {
    registry,
    elsewhere,
    first: await imageOf("first", 20_000),
    next: await imageOf("next", 20_000),
    authConfig: JSON.stringify({ auths: { [registry.host]: { auth: pair } } }),
    [Symbol.asyncDispose]: async () => {
      await registry.stop();
      await elsewhere.stop();
    },
  };
}

/** Which requests of a pull of `image` belong to a phase. */
const IN_PHASE: Readonly<Record<Phase, (image: BuiltImage, path: string) => boolean>> = {
  token: (_, path) => path === "/token",
  index: (_, path) => path.endsWith("/manifests/stable"),
  manifest: ({ digest }, path) => path.endsWith(`/manifests/${digest}`),
  blob: (image, path) => path === layerPath("app", image),
  config: (image, path) => path.includes("/blobs/") && path !== layerPath("app", image),
};

/** The version on disk is whole and is the one that was there before, or the one that was pulled. */
function requireWhole(place: Place, digest: Digest): void {
  assert.equal(place.store.trees.fault(digest), undefined);
  assert.ok(place.store.trees.receipt(digest) !== undefined);
}

async function attempt(world: World, place: Place): Promise<Digest | DockerloaderError> {
  try {
    const target = world.registry.reference("app", "stable");
    return await place.pull(target, { env: { DOCKER_AUTH_CONFIG: world.authConfig } });
  } catch (error) {
    assert.ok(error instanceof DockerloaderError, String(error));
    assert.notEqual(error.code, "INTERNAL", error.message);
    assert.ok(!JSON.stringify([error, error.message, error.hint]).includes(PASSWORD));
    return error;
  }
}

/** One pull with a fault that happens twice. */
async function play(world: World, kind: FaultKind, phase: Phase, update: boolean): Promise<void> {
  using place = openPlace();
  const { registry, elsewhere, first, next } = world;
  registry.revokeTokens();
  let running: Digest | undefined;
  if (update) {
    await registry.pushIndex("app", "stable", [{ image: first }]);
    running = (await attempt(world, place)) as Digest;
    place.store.links.point("entrypoint", running);
  }
  await registry.pushIndex("app", "stable", [{ image: next }]);
  let times = 0;
  const takeBack = registry.fault(({ path }) => {
    if (!IN_PHASE[phase](next, path) || times >= 2) return undefined;
    times += 1;
    return kind.fault(registry, elsewhere.host);
  });
  const before = elsewhere.requests.length;
  const result = await attempt(world, place);
  takeBack();
  const leaked = elsewhere.requests.slice(before).filter(({ authorized }) => authorized);
  assert.deepEqual(leaked, [], "a credential went to another host");
  if (running !== undefined) {
    requireWhole(place, running);
    assert.equal(place.store.links.digest("entrypoint"), running);
  }
  if (typeof result === "string") {
    assert.equal(result, next.digest);
    requireWhole(place, result);
  } else {
    assert.ok(times === 0 || !kind.passes, `${kind.name} in ${phase} ended with ${result.code}: ${result.message}`);
    assert.equal(place.store.trees.receipt(next.digest), undefined);
  }
  // Whatever it was, the next try without it succeeds from what is on disk.
  assert.equal(await attempt(world, place), next.digest);
  requireWhole(place, next.digest);
}

/** A small generator of numbers from 0 to 1 (mulberry32): the same seed tells the same story. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A tenth of them where nobody waits for the whole. */
const SCHEDULES = process.env["CI"] === undefined ? 100 : 1_000;
/** Two minutes on two idle cores. */
const SCHEDULES_MS = 600_000;
const WORKERS = 4;
/** Faults that cost no waiting, so that a thousand stories fit into a minute. */
const SWIFT = FAULT_KINDS.filter(({ name }) => !/stall|dribble|endless|oversized/.test(name));

/** One pull in which every request fails with some chance, a few times at most; then one without faults. */
async function playRandom(world: World, place: Place, seed: number): Promise<"installed" | "refused"> {
  const random = randomFrom(seed);
  const { registry, elsewhere, next } = world;
  await place.store.durable.retire(place.store.layout.tree(next.digest));
  for (const digest of next.blobs.keys()) await place.store.durable.retire(place.store.layout.blob(digest));
  place.store.durable.drop(place.store.layout.receipt(next.digest));
  if (random() < 0.3) registry.revokeTokens();
  const chance = random() * 0.6;
  const most = 1 + Math.floor(random() * 3);
  const seen = new Map<string, number>();
  let fatal = false;
  const takeBack = registry.fault(({ path }) => {
    const count = seen.get(path) ?? 0;
    if (count >= most || random() >= chance) return undefined;
    seen.set(path, count + 1);
    const kind = SWIFT[Math.floor(random() * SWIFT.length)];
    fatal ||= kind?.passes === false;
    return kind?.fault(registry, elsewhere.host);
  });
  const result = await attempt(world, place);
  takeBack();
  const survivable = !fatal;
  if (typeof result === "string") assert.equal(result, next.digest, `seed ${seed}`);
  else assert.ok(!survivable, `seed ${seed} was survivable and ended with ${result.code}: ${result.message}`);
  if (typeof result !== "string") assert.equal(await attempt(world, place), next.digest, `seed ${seed}`);
  requireWhole(place, next.digest);
  return typeof result === "string" ? "installed" : "refused";
}

const title = `${SCHEDULES} random schedules: nothing wrong is installed, and what can be survived ends installed`;
test(title, { timeout: SCHEDULES_MS }, async (t) => {
  const outcomes = { installed: 0, refused: 0 };
  const work = async (worker: number): Promise<void> => {
    await using world = await openWorld();
    await world.registry.pushIndex("app", "stable", [{ image: world.next }]);
    using place = openPlace();
    for (let seed = worker; seed < SCHEDULES; seed += WORKERS) outcomes[await playRandom(world, place, seed)] += 1;
    assert.deepEqual(
      world.elsewhere.requests.filter(({ authorized }) => authorized),
      [],
    );
  };
  await Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(worker)));
  t.diagnostic(JSON.stringify(outcomes));
  assert.equal(outcomes.installed + outcomes.refused, SCHEDULES);
});

test("a pull pings nobody: the first request is the one that is wanted", async () => {
  await using world = await openWorld();
  using place = openPlace();
  await world.registry.pushIndex("app", "stable", [{ image: world.next }]);
  assert.equal(await attempt(world, place), world.next.digest);
  assert.ok(world.registry.requests.every(({ path }) => path !== "/v2/"));
});

test("after a cut at 90 % only the rest is fetched, also by another process", async () => {
  await using world = await openWorld();
  using place = openPlace();
  const image = await imageOf("large", 4_000_000);
  await world.registry.push("app", "stable", image);
  const path = layerPath("app", image);
  const size = image.blobs.get(path.slice(path.lastIndexOf("/") + 1) as Digest)?.length ?? 0;
  const takeBack = world.registry.fault((request) =>
    request.path === path ? { kind: "cut", afterBytes: Math.floor(size * 0.9) } : undefined,
  );
  const stop = new AbortController();
  const pulled = place
    .pull(world.registry.reference("app", "stable"), {
      env: { DOCKER_AUTH_CONFIG: world.authConfig },
      signal: stop.signal,
      limits: { requestTries: 1 },
    })
    .catch((error: unknown) => error);
  assert.ok((await pulled) instanceof DockerloaderError);
  takeBack();
  const before = world.registry.requests.length;
  // A new client on the same data directory: what another process would do after a restart.
  assert.equal(await attempt(world, place), image.digest);
  const again = world.registry.requests
    .slice(before)
    .filter((request) => request.path === path && request.status < 300);
  assert.match(again[0]?.range ?? "", /^bytes=\d+-$/);
  const fetched = again.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0);
  assert.ok(fetched <= size * 0.12, `${fetched} of ${size} bytes were fetched again`);
});

describe("a pull", { concurrency: 2 }, () => {
  for (const phase of PHASES) {
    test(`survives or names every fault in the phase ${phase}, and changes nothing that runs`, async () => {
      await using world = await openWorld();
      for (const kind of FAULT_KINDS) for (const update of [false, true]) await play(world, kind, phase, update);
    });
  }
});
