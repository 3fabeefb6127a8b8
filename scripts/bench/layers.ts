import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRegistry } from "../../test/support/docker-registry.ts";
import { findProgram } from "../../test/support/preconditions.ts";
import { type Group, middle } from "./group.ts";
import { abortMs } from "./layers/abort.ts";
import { applyContests } from "./layers/apply.ts";
import { type Contest, hold, type Result } from "./layers/contest.ts";
import { shapes } from "./layers/images.ts";
import { coldContest, growthMb, updateContest } from "./layers/pull.ts";

const ROUNDS = 5;
/** Resident memory that pulling a gigabyte may take, in MiB. */
const GROWTH_MB = 64;
/** Milliseconds from an abort until nothing is written any more. */
const ABORT_MS = 200;
const PROGRAMS = [
  "tar",
  "umoci",
  "skopeo",
  "podman",
  "containerd",
  "ctr",
  "docker-registry",
  "curl",
  "igzip",
  "sha256sum",
  "time",
];

/** Smaller inputs, to try a change of the bench itself; the goals are for 1. */
const SCALE = Number(process.env["BENCH_SCALE"] ?? 1);

/** Applying, pulling and updating layers against the tools that people use for it. Needs root. */
export const layers: Group = async (rounds = ROUNDS) => {
  const missing = PROGRAMS.filter((program) => findProgram(program) === undefined);
  if (missing.length > 0) throw new Error(`this bench needs ${missing.join(", ")} (apt-get install)`);
  const folder = mkdtempSync(join(tmpdir(), "dockerloader-bench-"));
  const registry = await startRegistry();
  const results: Result[] = [];
  const run = async (contest: Contest): Promise<void> => {
    console.error(`measuring: ${contest.title}`);
    results.push(await hold(folder, contest, rounds));
  };
  try {
    for (const contest of await applyContests(folder, SCALE)) await run(contest);
    const images = shapes(SCALE);
    for (const [index, image] of images.entries()) await run(await coldContest(folder, registry.host, [image, index]));
    await run(await updateContest(folder, registry.host, images[1]));
    const aborts = await abortMs(folder, SCALE);
    const slowest = Math.max(...aborts);
    const abort = `an abort is over after ${middle(aborts).toFixed(0)} ms, the slowest of ${aborts.length} after ${slowest.toFixed(0)} ms (goal: at most ${ABORT_MS})`;
    const growth = await growthMb(folder, registry.host, SCALE);
    const memory = `pulling 1 GB takes ${growth.toFixed(0)} MiB more than pulling nothing (goal: at most ${GROWTH_MB})`;
    return {
      lines: [
        ...results.flatMap(({ lines }) => lines),
        abort,
        memory,
        `medians of ${rounds} interleaved rounds, ratios within a round; scale ${SCALE}; Node ${process.version}`,
      ],
      data: {
        rounds,
        scale: SCALE,
        growthMb: growth,
        aborts,
        samples: results.map(({ title, samples }) => ({ title, samples })),
      },
      missed: [
        ...results.flatMap(({ missed }) => missed),
        ...(slowest <= ABORT_MS ? [] : [abort]),
        ...(growth <= GROWTH_MB ? [] : [memory]),
      ],
    };
  } finally {
    await registry.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};
