import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { openStore } from "../../src/store/index.ts";
import { columns, type Group, middle } from "./group.ts";
import { type Sample, sample } from "./measure.ts";

/** The app of the bench, as light as a shell can be: restarts by 42 on SIGUSR1. */
const APP = `#!/bin/sh
trap 'echo bye; exit 42' USR1
trap 'exit 0' TERM
echo up
while :; do sleep 60 & wait $!; done
`;

/** What the loader may cost. */
const BUDGETS: Partial<Record<keyof Sample, number>> = { startCpuMs: 150, idleRssMb: 60 };
const NAMES: Record<keyof Sample, string> = {
  startWallMs: "start to child, wall ms",
  startCpuMs: "start, CPU ms",
  idleRssMb: "idle RSS, MiB",
  idlePrivateMb: "idle private dirty, MiB",
  restartGapMs: "exit 42 to next child, ms",
};

const ROUNDS = 9;

/** A data directory with one committed version: the app. */
function prepare(dataDir: string): string {
  const store = openStore(dataDir);
  const digest = `sha256:${"0".repeat(64)}` as const;
  mkdirSync(store.layout.tree(digest), { recursive: true });
  writeFileSync(store.layout.executable(digest), APP, { mode: 0o755 });
  store.links.point("entrypoint", digest);
  return store.layout.executable(digest);
}

interface Row {
  readonly figure: string;
  readonly bare: number;
  readonly loader: number;
  /** Median of the rounds' own ratios. */
  readonly ratio: number;
  readonly budget: number | undefined;
}

function rowOf(key: keyof Sample, bare: readonly Sample[], loader: readonly Sample[]): Row {
  const ratios = loader.map((one, round) => one[key] / Math.max(bare[round]?.[key] ?? Number.NaN, 1e-9));
  return {
    figure: NAMES[key],
    bare: middle(bare.map((one) => one[key])),
    loader: middle(loader.map((one) => one[key])),
    ratio: middle(ratios),
    budget: BUDGETS[key],
  };
}

/** The loader's cost against bare Node. */
export const loader: Group = async (rounds = ROUNDS) => {
  const folder = mkdtempSync(join(tmpdir(), "dockerloader-bench-"));
  try {
    const dataDir = join(folder, "data");
    const app = prepare(dataDir);
    const bareProgram = join(folder, "bare.mjs");
    await build({ entryPoints: [join(import.meta.dirname, "bare.ts")], outfile: bareProgram, format: "esm" });
    const command = join(import.meta.dirname, "../../dist/bin/main.js");
    const env = { ...process.env, DOCKERLOADER_DATA_DIR: dataDir, DOCKERLOADER_LOG_FORMAT: "json" };
    const bare: Sample[] = [];
    const loader: Sample[] = [];
    for (let round = 0; round < rounds; round += 1) {
      bare.push(await sample([process.execPath, bareProgram, app], env));
      loader.push(await sample([process.execPath, command, "run"], env));
    }
    const rows = (Object.keys(NAMES) as (keyof Sample)[]).map((key) => rowOf(key, bare, loader));
    const cells = rows.map(({ figure, bare, loader, ratio, budget }) => [
      figure,
      bare.toFixed(1),
      loader.toFixed(1),
      ratio.toFixed(2),
      budget?.toString() ?? "-",
    ]);
    return {
      lines: [
        ...columns([["", "bare Node", "loader", "ratio", "budget"], ...cells]),
        `medians of ${rounds} interleaved rounds; ratio: median of the rounds' ratios; Node ${process.version}`,
      ],
      data: { rounds, rows, samples: { bare, loader } },
      missed: rows.filter(({ loader, budget }) => budget !== undefined && loader > budget).map(({ figure }) => figure),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
