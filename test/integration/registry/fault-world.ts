import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DockerloaderError } from "../../../src/errors.ts";
import type { Limits } from "../../../src/limits.ts";
import {
  type BuiltImage,
  type ConnectionPlan,
  createIdentity,
  type Digest,
  startRegistry,
  startTcpProxy,
  type TestRegistry,
} from "../../../src/testing/index.ts";
import { treeOf } from "../../support/tree.ts";
import { bundleSubject, type Subject } from "./bundle.ts";
import { LOOP } from "./fault-kinds.ts";
import { type Env, imageOf, openPlace, type Place } from "./support.ts";

export const PASSWORD = "hunter2-canary";
const auth = { kind: "bearer", username: "robot", password: PASSWORD } as const;

/** A registry with two versions of an app behind a token service, a proxy in front of it, and a server that is none of its. */
export interface World extends AsyncDisposable {
  readonly subject: Subject;
  readonly registry: TestRegistry;
  readonly elsewhere: TestRegistry;
  /** Where the proxy is: all goes through it. */
  readonly host: string;
  readonly target: string;
  readonly first: BuiltImage;
  readonly next: BuiltImage;
  /** How each version looks when it was installed by nobody's fault. */
  readonly looks: ReadonlyMap<Digest, readonly string[]>;
  readonly env: Env;
  /** What happens to connections from now on. */
  readonly meddle: (plan: ConnectionPlan) => void;
}

/** A look of a tree that is the same wherever and whenever it was unpacked. */
const lookOf = (place: Place, digest: Digest): string[] => treeOf(place.store.layout.tree(digest));

export async function openWorld({ tls = false, subject }: { tls?: boolean; subject?: Subject } = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), "dockerloader-world-"));
  const identity = createIdentity();
  const caFile = join(folder, "ca.pem");
  writeFileSync(caFile, identity.certificate);
  const registry = await startRegistry(tls ? { auth, tls: identity } : { auth });
  const elsewhere = await startRegistry();
  registry.fault(({ path }) =>
    path === LOOP ? { kind: "status", status: 307, headers: { location: LOOP } } : undefined,
  );
  let plan: ConnectionPlan = () => undefined;
  const proxy = await startTcpProxy(registry.host, (connection) => plan(connection));
  const pair = Buffer.from(`${auth.username}:${PASSWORD}`).toString("base64");
  const looks = new Map<Digest, readonly string[]>();
  const world: World = {
    subject: subject ?? (await bundleSubject()),
    registry,
    elsewhere,
    looks,
    host: proxy.host,
    target: `${proxy.host}/app:stable`,
    first: await imageOf("first", 20_000),
    next: await imageOf("next", 20_000),
    env: {
      DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { [proxy.host]: { auth: pair } } }),
      DOCKERLOADER_CA_FILE: caFile,
    },
    meddle: (changed) => {
      plan = changed;
    },
    [Symbol.asyncDispose]: async () => {
      await proxy.stop();
      await registry.stop();
      await elsewhere.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  using place = openPlace(world.subject);
  for (const image of [world.first, world.next]) {
    await registry.pushIndex("app", "stable", [{ image }]);
    assert.equal(await attempt(world, place), image.digest);
    looks.set(image.digest, lookOf(place, image.digest));
  }
  return world;
}

/** One pull. What it rejects with is an error with a code, and no secret is in it. */
export async function attempt(
  world: World,
  place: Place,
  options: { limits?: Partial<Limits> } = {},
): Promise<Digest | DockerloaderError> {
  try {
    return await place.pull(world.target, { env: world.env, ...options });
  } catch (error) {
    assert.ok(error instanceof world.subject.DockerloaderError, String(error));
    assert.notEqual(error.code, "INTERNAL", error.message);
    return error;
  }
}

/** The version on disk can run and is, file for file, what was pushed. */
export function requireWhole(world: World, place: Place, digest: Digest): void {
  assert.equal(place.store.trees.fault(digest), undefined);
  assert.ok(place.store.trees.receipt(digest) !== undefined);
  assert.deepEqual(lookOf(place, digest), world.looks.get(digest));
}

/** Nobody but the registry got an Authorization header, and no secret came into what was logged or thrown. */
export function requireNoLeak(world: World, place: Place, result: unknown): void {
  const leaked = world.elsewhere.requests.filter(({ authorized }) => authorized);
  assert.deepEqual(leaked, [], "a credential went to another host");
  const texts = [result, result instanceof Error ? [result.message, result.stack] : "", place.events];
  assert.ok(!JSON.stringify(texts).includes(PASSWORD), "the password was logged or thrown");
}

/** First boot: an empty volume. Update: a version that runs. */
export type Boot = "first boot" | "update";
export const BOOTS: readonly Boot[] = ["first boot", "update"];

/** Brings the volume to where the boot begins, and the tag to the next version; answers what must not change. */
export async function prepare(world: World, place: Place, boot: Boot): Promise<Digest | undefined> {
  const { registry, first, next } = world;
  const running = boot === "update" ? first.digest : undefined;
  if (running !== undefined) {
    await registry.pushIndex("app", "stable", [{ image: first }]);
    assert.equal(await attempt(world, place), running);
    place.store.links.point("entrypoint", running);
  }
  await registry.pushIndex("app", "stable", [{ image: next }]);
  registry.revokeTokens();
  return running;
}

/**
 * What holds after a pull of the next version, whatever happened to it: nothing wrong is installed, what runs is untouched, no
 * credential went astray; and the next pull, with nothing in its way, ends with the version installed from what is there.
 */
export async function requireSound(
  world: World,
  place: Place,
  running: Digest | undefined,
  result: Digest | DockerloaderError,
): Promise<void> {
  const { digest } = world.next;
  requireNoLeak(world, place, result);
  assert.equal(place.store.links.digest("entrypoint"), running);
  if (running !== undefined) requireWhole(world, place, running);
  if (typeof result !== "string") assert.equal(place.store.trees.receipt(digest), undefined);
  else assert.equal(result, digest);
  assert.equal(await attempt(world, place), digest);
  requireWhole(world, place, digest);
}
