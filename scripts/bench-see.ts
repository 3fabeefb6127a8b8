/**
 * What being looked at costs an update: the same updates, alternately unwatched and with a browser's stream and a scrape
 * every 250 ms attached. `npm run bench:see [-- --rounds N] [--check]`; `--check` exits 1 above 5 %. Trust the ratio.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { parseLines } from "../src/log/parse.ts";
import { followJournal, openStore } from "../src/store/index.ts";
import { buildImage } from "../src/testing/index.ts";
import { freePort } from "../test/e2e/inspect/support/free-port.ts";
import { openShellLab, type ShellLab } from "../test/e2e/support/shell-lab.ts";

const MOST = 1.05;
const SCRAPE_MS = 250;
const LAYER_BYTES = 20 * 1024 * 1024;
/** Restarts into a newer version when it is told to look. */
const APP = `dockerloader ready; echo serving; trap 'exit 0' TERM
while :; do [ -e "$MARK" ] && { rm -f "$MARK"; dockerloader check; [ $? = 42 ] && exit 42; }; sleep 0.02; done`;

const { values } = parseArgs({ options: { rounds: { type: "string", default: "10" }, check: { type: "boolean" } } });
const rounds = Math.max(2, Number(values.rounds) || 10);

async function push(lab: ShellLab, round: number): Promise<void> {
  const data = Buffer.alloc(LAYER_BYTES);
  for (let at = 0; at < data.length; at += 8) data.writeDoubleLE(Math.random() + round, at);
  const layers = [{ files: { entrypoint: `#!/bin/sh\n${APP} # ${round}\n` } }, { files: { data } }];
  await lab.registry.push("app", "stable", await buildImage({ layers }));
}

/** A page that is open and a Prometheus that scrapes; the way to end both. */
async function attach(lab: ShellLab, metricsPort: number): Promise<() => void> {
  const { url } = JSON.parse((await lab.command(["inspect", "--json"])).out) as { url: string };
  const over = new AbortController();
  const { signal } = over;
  const address = new URL(url);
  address.pathname = "/updates";
  const stream = await fetch(address, { signal });
  void (async () => {
    for await (const _ of stream.body ?? []);
  })().catch(() => {});
  void (async () => {
    while (!signal.aborted) {
      await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`, { signal })).text();
      await pause(SCRAPE_MS, undefined, { signal });
    }
  })().catch(() => {});
  return () => over.abort();
}

/** From the last check to the commit that follows it, once the event stream tells of both. */
async function kept(dataDir: string): Promise<number> {
  const { fs, layout } = openStore(dataDir);
  const told = Promise.withResolvers<number>();
  let checking = Number.NaN;
  const follower = followJournal(fs, layout.events, (lines) => {
    for (const { event, time } of parseLines(lines)) {
      if (event.type === "update.checking") checking = Date.parse(time);
      if (event.type === "trial.kept") told.resolve(Date.parse(time) - checking);
    }
  });
  const took = await told.promise;
  follower.close();
  return took;
}

/** One update on a loader of its own: milliseconds from the check to the commit, by the event stream's own clock. */
async function measure(watched: boolean, round: number): Promise<number> {
  const lab = await openShellLab();
  try {
    const mark = join(lab.folder, "mark");
    const metricsPort = await freePort();
    const views = {
      DOCKERLOADER_INSPECT: `127.0.0.1:${await freePort()}`,
      DOCKERLOADER_METRICS: `127.0.0.1:${metricsPort}`,
    };
    await push(lab, round);
    const loader = lab.start({ env: { MARK: mark, ...(watched ? views : {}) } });
    await loader.until("serving");
    if (watched) await loader.until("live view on");
    const detach = watched ? await attach(lab, metricsPort) : () => {};
    await push(lab, round + 0.5);
    await pause(500);
    writeFileSync(mark, "");
    await loader.until("trial committed");
    const took = await kept(lab.dataDir);
    detach();
    return took;
  } finally {
    await lab.close();
  }
}

const middle = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;

const alone: number[] = [];
const watched: number[] = [];
for (let round = 0; round < rounds; round += 1) {
  // Whoever goes second finds a warmer machine: they take turns.
  const first = round % 2 === 0;
  (first ? alone : watched).push(await measure(!first, round));
  (first ? watched : alone).push(await measure(first, round));
}
const ratio = middle(watched.map((took, round) => took / (alone[round] ?? Number.NaN)));
console.log(
  `an update, check to commit: ${middle(alone)} ms unwatched, ${middle(watched)} ms watched, ratio ${ratio.toFixed(3)}`,
);
console.log(
  `medians of ${rounds} interleaved rounds, the ratio of the rounds' ratios; unwatched ${Math.min(...alone)} to ${Math.max(...alone)} ms; Node ${process.version}`,
);
if (values.check === true && ratio > MOST) process.exitCode = 1;
