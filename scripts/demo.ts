/**
 * The whole job on one machine, with nothing but npm packages: an embedded registry, the real loader, five versions of
 * an app of which two are broken. `--keep` leaves the volume.
 */
import { mkdtemp, readdir, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRegistry } from "../src/testing/index.ts";
import { bundleApp, pushVersion } from "./demo/images.ts";
import { type DemoLoader, type Heard, startLoader } from "./demo/loader.ts";
import { headline, narrate, note, printTable } from "./demo/narrator.ts";

const LIMIT_MS = 55_000;
/** Says first where the volume is, for whoever wants to look. */
const announce = process.argv.includes("--announce");
const keep = process.argv.includes("--keep");
const limit = AbortSignal.timeout(LIMIT_MS);
const folder = await mkdtemp(join(tmpdir(), "dockerloader-demo-"));
const dataDir = join(folder, "data");
const main = join(import.meta.dirname, "../src/main.ts");

interface Step {
  readonly version: number;
  readonly behaviour: "good" | "crash" | "hang";
  readonly headline: string;
  /** The version that has to run in the end. */
  readonly runs: number;
}

const STEPS: readonly Step[] = [
  { version: 1, behaviour: "good", headline: "1. First start on an empty volume: the loader downloads v1", runs: 1 },
  { version: 2, behaviour: "good", headline: "2. v2 is pushed: it becomes ready and is committed", runs: 2 },
  { version: 3, behaviour: "crash", headline: "3. v3 is pushed: it crashes before it is ready, v2 is back", runs: 2 },
  {
    version: 4,
    behaviour: "hang",
    headline: "4. v4 is pushed: it never becomes ready, time runs out, v2 is back",
    runs: 2,
  },
  { version: 5, behaviour: "good", headline: "5. v5 is pushed: the failures did not stop updates", runs: 5 },
];

interface Row extends Readonly<Record<string, string>> {
  readonly version: string;
  readonly digest: string;
  readonly outcome: string;
  readonly "push to verdict": string;
  readonly "exit to next start": string;
  readonly "nobody served for": string;
}

const ms = (value: number): string => `${Math.round(value)} ms`;
const isEvent = (heard: Heard, type: string, digest: string): boolean =>
  heard.kind === "event" && heard.event.type === type && "digest" in heard.event && heard.event.digest === digest;
const isState = (heard: Heard, state: string): boolean =>
  heard.kind === "event" && heard.event.type === "supervisor.state" && heard.event.state === state;
const isServing = (heard: Heard, version: number): boolean =>
  heard.kind === "app" && heard.text === `app v${version} serves`;

/** From the moment the old app stopped to the next one that served, whichever version that was. */
function unservedFor(heard: readonly Heard[], from: number): string {
  const stopped = heard.find((item) => item.at >= from && item.kind === "app" && item.text.endsWith(" drains"));
  const served = heard.find(
    (item) => item.at >= (stopped?.at ?? Infinity) && item.kind === "app" && item.text.endsWith(" serves"),
  );
  return stopped === undefined || served === undefined ? "-" : ms(served.at - stopped.at);
}

/** The same for processes: from the last exit to the start that followed it. */
function exitToStart(heard: readonly Heard[], from: number): string {
  const times = (type: string): number[] =>
    heard.filter((item) => item.kind === "event" && item.event.type === type).map((item) => item.at);
  const exit = times("child.exited").find((at) => at >= from);
  const start = times("child.spawned").find((at) => at >= (exit ?? Infinity));
  return exit === undefined || start === undefined ? "-" : ms(start - exit);
}

async function play(step: Step, loader: DemoLoader, digest: string, pushed: number): Promise<Row> {
  const good = step.version === step.runs;
  if (!good)
    await loader.waitFor(`the trial of v${step.version} to fail`, pushed, (item) =>
      isEvent(item, "trial.failed", digest),
    );
  const served = await loader.waitFor(`v${step.runs} to serve`, pushed, (item) => isServing(item, step.runs));
  const verdict = good
    ? await loader.waitFor(`v${step.version} to be committed`, pushed, (item) => isState(item, "committed"))
    : served;
  return {
    version: `v${step.version} (${step.behaviour})`,
    digest: digest.slice(0, 19),
    outcome: good ? "committed" : `rolled back to v${step.runs}`,
    "push to verdict": ms(Math.max(verdict.at, served.at) - pushed),
    "exit to next start": exitToStart(loader.heard, pushed),
    "nobody served for": unservedFor(loader.heard, pushed),
  };
}

/** Holds what the log said against the disk. */
async function checkDisk(digest: string): Promise<void> {
  const link = await readlink(join(dataDir, "entrypoint"));
  if (!link.includes(digest)) throw new Error(`entrypoint shows ${link}, expected ${digest}`);
  const trees = await readdir(join(dataDir, "storage/v1/extracted"));
  if (trees.length !== 1) throw new Error(`extracted/ holds ${trees.length} versions, expected 1`);
}

let loader: DemoLoader | undefined;
const registry = await startRegistry();
try {
  if (announce) console.log(`The volume is at ${dataDir}`);
  const app = join(folder, "app");
  await bundleApp(app);
  const reference = registry.reference("demo/app", "stable");
  const rows: Row[] = [];
  for (const step of STEPS) {
    headline(step.headline);
    const pushed = performance.now();
    const digest = await pushVersion(app, step.version, step.behaviour, registry.reference("demo/app", "stable"));
    note(`pushed   ${reference} is now v${step.version}, ${digest}`);
    if (loader === undefined) {
      const env = {
        ...process.env,
        DOCKERLOADER_TARGET: reference,
        DOCKERLOADER_DATA_DIR: dataDir,
        DOCKERLOADER_UPDATE_INTERVAL_SECS: "1",
        DOCKERLOADER_TRIAL_TIMEOUT_MS: "3000",
        DOCKERLOADER_LOG_LEVEL: "debug",
        DOCKERLOADER_LOG_FORMAT: "json",
      };
      loader = startLoader(main, env, limit);
      loader.onHeard(narrate);
    }
    rows.push(await play(step, loader, digest, pushed));
    if (step.version === step.runs) await checkDisk(digest);
  }
  headline("The container is stopped (SIGTERM)");
  const exitCode = await loader?.stop();
  if (exitCode !== 0) throw new Error(`the loader exited with ${exitCode}, expected 0`);
  headline("What happened");
  printTable(rows);
  console.log("A version that hangs costs its trial timeout, here 3 s; the rest is the start of Node.");
  console.log(keep ? `The volume is at ${dataDir}` : "Everything the demo made is removed; --keep leaves the volume.");
} catch (error) {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await loader?.stop();
  await registry.stop();
  await rm(keep ? join(folder, "app") : folder, { recursive: true, force: true });
}
