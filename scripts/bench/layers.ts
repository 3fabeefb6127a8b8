import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRegistry } from "../../test/support/docker-registry.ts";
import { findProgram } from "../../test/support/preconditions.ts";
import type { Group } from "./group.ts";
import { aborting } from "./layers/abort.ts";
import { contests } from "./layers/contests.ts";
import { filesystemOf } from "./layers/filesystem.ts";
import { hold, SHORT_TIMES } from "./layers/hold.ts";
import { openWorkshop } from "./layers/made.ts";
import { memory } from "./layers/memory.ts";
import { starts } from "./layers/starts.ts";
import { type Finding, table } from "./layers/table.ts";

const ROUNDS = 5;
const PROGRAMS = [
  "bwrap",
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
/** Only what has these words in its title. */
const ONLY = process.env["BENCH_ONLY"] ?? "";

/** Applying, pulling and updating layers against the tools that people use for it. Needs root. */
export const layers: Group = async (rounds = ROUNDS) => {
  const missing = PROGRAMS.filter((program) => findProgram(program) === undefined);
  if (missing.length > 0) throw new Error(`this bench needs ${missing.join(", ")} (apt-get install)`);
  const { type, warning } = await filesystemOf(tmpdir());
  if (warning !== undefined) console.error(warning);
  const folder = mkdtempSync(join(tmpdir(), "dockerloader-bench-"));
  const registry = await startRegistry();
  const image = openWorkshop(folder, registry.host, SCALE);
  const wanted = (title: string): boolean => title.includes(ONLY);
  try {
    const found: Finding[] = [];
    const spawns: number[] = [];
    for (const contest of contests().filter(({ title }) => wanted(title))) {
      console.error(`measuring: ${contest.title}`);
      const held = await hold(folder, contest, image, rounds);
      spawns.push(...held.spawns);
      found.push({ title: contest.title, data: held.samples, ...table(contest, held.samples) });
    }
    if (spawns.length > 0) found.push(await starts(spawns));
    if (wanted("abort")) found.push(await aborting(folder, image));
    if (wanted("memory")) found.push(await memory(folder, image));
    if (found.length === 0) throw new Error(`nothing that is measured has BENCH_ONLY=${ONLY} in its title`);
    const about = [
      "ours is x of what the other one takes. Goals are for nobody syncs (calls that sync do nothing; what is opened with O_SYNC still waits:",
      "two small files a blob of containerd) and everybody synced (until one sync -f has ended). As it is, ours syncs all, the others their books",
      "and blobs at most.",
      `medians of ${rounds} interleaved rounds (${rounds * SHORT_TIMES} of the small image), ratios within a round; on ${type}; scale ${SCALE}; Node ${process.version}`,
    ];
    return {
      lines: [...found.flatMap(({ lines }) => lines), ...about, ...(warning === undefined ? [] : [warning])],
      data: { rounds, scale: SCALE, filesystem: type, found: found.map(({ title, data }) => ({ title, data })) },
      missed: found.flatMap(({ missed }) => missed),
    };
  } finally {
    await registry.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};
