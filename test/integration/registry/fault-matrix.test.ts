/** Every fault in every phase of a pull, at a first boot and at an update. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { BuiltImage } from "../../../src/testing/index.ts";
import { bundleSubject } from "./bundle.ts";
import { DOWNGRADES, FAULT_KINDS, type FaultKind, type Phase, PHASES } from "./fault-kinds.ts";
import { attempt, type Boot, BOOTS, openWorld, prepare, requireSound, type World } from "./fault-world.ts";
import { IMPATIENT, layerPath, openPlace, QUICK } from "./support.ts";

/** Which requests of a pull of an image belong to a phase. */
const IN_PHASE: Readonly<Record<Phase, (image: BuiltImage, path: string) => boolean>> = {
  token: (_, path) => path === "/token",
  index: (_, path) => path.endsWith("/manifests/stable"),
  manifest: ({ digest }, path) => path.endsWith(`/manifests/${digest}`),
  blob: (image, path) => path === layerPath("app", image),
  config: (image, path) => path.includes("/blobs/") && path !== layerPath("app", image),
};

/** One pull with a fault that happens twice in one phase. */
async function play(world: World, kind: FaultKind, phase: Phase, boot: Boot): Promise<void> {
  using place = openPlace(world.subject);
  const running = await prepare(world, place, boot);
  let times = 0;
  const takeBack = world.registry.fault(({ path }) => {
    if (!IN_PHASE[phase](world.next, path) || times === 2) return undefined;
    times += 1;
    return kind.fault({ own: world.host, other: world.elsewhere.host });
  });
  const result = await attempt(world, place, { limits: kind.waits === true ? IMPATIENT : QUICK });
  takeBack();
  const story = `${kind.name} in the phase ${phase} at the ${boot}`;
  assert.ok(times > 0, `${story} never happened`);
  if (typeof result === "string") assert.equal(result, world.next.digest, story);
  else assert.ok(kind.ends.includes(result.code), `${story} ended with ${result.code}: ${result.message}`);
  await requireSound(world, place, running, result);
}

/** Stories that share nothing, a few at a time: most of them wait for somebody. */
const AT_ONCE = 4;
const subject = await bundleSubject();
/** Stalls are waited for; a slow machine takes its time for the rest. */
const options = { timeout: 600_000 };

async function playAll(kinds: readonly FaultKind[], phase: Phase, tls: boolean): Promise<void> {
  const stories = kinds.flatMap((kind) => BOOTS.map((boot) => ({ kind, boot })));
  const worker = async (): Promise<void> => {
    await using world = await openWorld({ tls, subject });
    for (let story = stories.pop(); story !== undefined; story = stories.pop())
      await play(world, story.kind, phase, story.boot);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

describe("a pull survives or names every fault, and changes nothing that runs", () => {
  for (const phase of PHASES) test(`in the phase ${phase}`, options, () => playAll(FAULT_KINDS, phase, false));
});

describe("a redirect from https to http is followed by nobody", () => {
  for (const phase of PHASES) test(`in the phase ${phase}`, options, () => playAll(DOWNGRADES, phase, true));
});

test("a pull pings nobody: the first request is the one that is wanted", async () => {
  await using world = await openWorld();
  using place = openPlace(world.subject);
  const before = world.registry.requests.length;
  assert.equal(await attempt(world, place), world.next.digest);
  const [first, ...others] = world.registry.requests.slice(before);
  assert.equal(first?.path, "/v2/app/manifests/stable");
  assert.ok(others.every(({ path }) => path !== "/v2/"));
});
