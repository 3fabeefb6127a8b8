import { randomFillSync } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Digest } from "../../src/digest.ts";
import { layoutOf } from "../../src/layout.ts";
import { type Fault, startRegistry, type TestRegistry } from "../../src/testing/index.ts";
import { type Behaviour, buildVersion } from "./images.ts";
import { failuresOf, type Usage, usageOf } from "./leaks.ts";
import { startLoader } from "./loader.ts";
import type { Random } from "../../test/support/random.ts";

export interface SoakOptions {
  readonly updates: number;
  readonly random: Random;
  readonly report: (line: string) => void;
}

/** Longer than any update takes on a busy machine, with every fault on its way. Milliseconds. */
const UPDATE_MS = 90_000;
const POLL_MS = 50;
const EVERY = 20;
/** What may be there beyond the first measurement: a version that is staged, its blobs, and the records of failures. */
const SPARE_BYTES = 2 * 1024 * 1024;
const SPARE = { names: 40 + 64, descriptors: 4, timers: 3, processes: 4, residentBytes: 40 * 1024 * 1024 } as const;

const REGISTRY_FAULTS: readonly [Fault, ...Fault[]] = [
  { kind: "reset" },
  { kind: "status", status: 503 },
  { kind: "status", status: 404 },
  { kind: "cut", afterBytes: 100 },
  { kind: "corrupt" },
];

/** Runs the updates; answers what was wrong, one sentence each. */
export async function soak({ updates, random, report }: SoakOptions): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "dockerloader-soak-"));
  const faults: string[] = [];
  const registry = await startRegistry();
  const { env, dataDir, go, resources } = prepare(folder, registry);
  const push = async (version: number, behaviour: Behaviour): Promise<Digest> =>
    registry.push(
      "app",
      "stable",
      await buildVersion(version, behaviour, (count) => randomFillSync(Buffer.alloc(count))),
    );
  const told = { good: 0, crash: 0, hang: 0, "crash-later": 0, registry: 0, kills: 0 };
  let stable = await push(1, "good");
  const loader = startLoader(env);
  let base: Usage | undefined;
  try {
    await untilStable(dataDir, stable);
    for (let update = 1; update <= updates; update += 1) {
      const behaviour = random.pick<Behaviour>(["good", "good", "good", "crash", "hang", "crash-later"]);
      told[behaviour] += 1;
      const digest = await push(update + 1, behaviour);
      const heal = random.below(3) === 0 ? failSome(registry, random) : undefined;
      if (heal !== undefined) told.registry += 1;
      const kill = random.below(4) === 0 ? random.below(1500) : undefined;
      writeFileSync(go, "");
      if (kill !== undefined) {
        told.kills += 1;
        await delay(kill);
        await loader.kill();
      }
      const ended = await outcome(dataDir, digest);
      heal?.();
      rmSync(go, { force: true });
      if (ended === "failed" && behaviour === "good" && kill === undefined)
        faults.push(`update ${update}: a good version was rejected`);
      if (ended === "committed" && behaviour !== "good") faults.push(`update ${update}: ${behaviour} was kept`);
      if (ended === "nothing") {
        faults.push(`update ${update} (${behaviour}, kill ${kill}) came to no end:\n${loader.tail()}`);
        break;
      }
      if (ended === "committed") stable = digest;
      await untilStable(dataDir, stable);
      if (update % EVERY === 0 || update === updates) {
        await delay(1_500);
        const usage = usageOf(dataDir, loader.pid(), resources);
        base ??= usage;
        faults.push(...grown(base, usage).map((what) => `after ${update} updates: ${what}`));
        report(
          `${update} updates ${JSON.stringify({ ...told, died: loader.died(), ...usage, failures: failuresOf(dataDir).length })}`,
        );
      }
    }
  } finally {
    await loader.stop();
    await registry.stop();
    await rm(folder, { recursive: true, force: true });
  }
  return faults;
}

function prepare(folder: string, registry: TestRegistry) {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  symlinkSync(join(import.meta.dirname, "../../dist/bin/main.js"), join(bin, "dockerloader"));
  symlinkSync(process.execPath, join(bin, "node"));
  const dataDir = join(folder, "data");
  const go = join(folder, "go");
  const resources = join(folder, "resources.json");
  const env = {
    PATH: `${bin}:${process.env["PATH"] ?? ""}`,
    NODE_OPTIONS: `--import=${join(import.meta.dirname, "resources.ts")}`,
    DOCKERLOADER_DATA_DIR: dataDir,
    DOCKERLOADER_TARGET: registry.reference("app", "stable"),
    DOCKERLOADER_STOP_GRACE_MS: "1000",
    DOCKER_CONFIG: folder,
    SOAK_GO: go,
    SOAK_RESOURCES: resources,
  };
  return { env, dataDir, go, resources };
}

/** The next few requests fail in one way; the answer takes the plan back. */
function failSome(registry: TestRegistry, random: Random): () => void {
  const fault = random.pick(REGISTRY_FAULTS);
  let left = 1 + random.below(4);
  return registry.fault(() => (left-- > 0 ? fault : undefined));
}

const linked = async (path: string): Promise<string | undefined> =>
  /sha256:[a-f0-9]{64}/.exec(await readlink(path).catch(() => ""))?.[0];

/** What became of a version, once nothing about it can change any more: its probation is over too. */
async function outcome(dataDir: string, digest: Digest): Promise<"committed" | "failed" | "nothing"> {
  const { entrypoint } = layoutOf(dataDir);
  const failed = (): boolean => failuresOf(dataDir).includes(`${digest}.json`);
  for (const deadline = performance.now() + UPDATE_MS; performance.now() < deadline; await delay(POLL_MS)) {
    if (failed()) return "failed";
    if ((await linked(entrypoint)) !== digest) continue;
    await delay(1_500);
    if (!failed() && (await linked(entrypoint)) === digest) return "committed";
  }
  return "nothing";
}

async function untilStable(dataDir: string, digest: Digest): Promise<void> {
  for (
    const deadline = performance.now() + UPDATE_MS;
    (await linked(layoutOf(dataDir).entrypoint)) !== digest;
    await delay(POLL_MS)
  ) {
    if (performance.now() > deadline) throw new Error(`${digest} did not become the stable version`);
  }
}

function grown(base: Usage, now: Usage): string[] {
  const found: string[] = [];
  if (now.bytes > base.bytes + SPARE_BYTES) found.push(`the disk grew from ${base.bytes} to ${now.bytes} bytes`);
  for (const key of ["names", "descriptors", "timers", "processes", "residentBytes"] as const) {
    if (now[key] > base[key] + SPARE[key]) found.push(`${key} grew from ${base[key]} to ${now[key]}`);
  }
  if (now.zombies > 0) found.push(`${now.zombies} zombies`);
  return found;
}
