import type { Config } from "../config/table.ts";
import { EXIT } from "../errors.ts";
import { followJournal, openStore } from "../store/index.ts";
import { fitDigests } from "./format.ts";
import { statusLines } from "./status-lines.ts";
import { readReport } from "./status-report.ts";

/** Ages and countdowns are drawn again this often, in milliseconds. */
const TICK_MS = 1_000;
/** A burst of events is drawn once, in milliseconds. */
const BURST_MS = 50;

export interface WatchOptions {
  readonly json: boolean;
  readonly out: NodeJS.WriteStream;
}

const SCREEN = { enter: "\x1b[?25l\x1b[H\x1b[2J", home: "\x1b[H", rest: "\x1b[J", line: "\x1b[K", leave: "\x1b[?25h" };

/** Shows the status until SIGINT or SIGTERM: in place on a terminal, else every change as a block or a line of JSON. */
export async function watchStatus(config: Config, { json, out }: WatchOptions): Promise<number> {
  const inPlace = out.isTTY && !json;
  let shown = "";
  let timer: NodeJS.Timeout | undefined;
  const draw = (): void => {
    timer = undefined;
    const report = readReport(config);
    if (inPlace) return void out.write(frame(statusLines(report, Date.now()), out));
    const { storage: _, ...stable } = report;
    const facts = JSON.stringify(stable);
    if (facts === shown) return;
    shown = facts;
    out.write(json ? `${JSON.stringify(report)}\n` : `${statusLines(report, Date.now()).join("\n")}\n\n`);
  };
  const soon = (): void => {
    timer ??= setTimeout(draw, BURST_MS);
  };
  const store = openStore(config.dataDir, { create: false });
  const stop = Promise.withResolvers<void>();
  process.once("SIGINT", () => stop.resolve());
  process.once("SIGTERM", () => stop.resolve());
  // A reader that went away wants nothing more.
  out.once("close", () => stop.resolve());
  out.once("error", () => stop.resolve());
  if (inPlace) out.write(SCREEN.enter);
  draw();
  const follower = followJournal(store.fs, store.layout.events, soon);
  const tick = setInterval(draw, TICK_MS);
  out.on("resize", soon);
  await stop.promise;
  clearInterval(tick);
  clearTimeout(timer);
  follower.close();
  if (inPlace) out.write(`${SCREEN.leave}\n`);
  return EXIT.ok;
}

/** One screen: every line cut to the width, the rest of each line and of the screen cleared. */
function frame(lines: readonly string[], { columns, rows, isTTY }: NodeJS.WriteStream): string {
  const fitting = lines
    .slice(0, Math.max(1, rows - 1))
    .map((line) => fitDigests(line, { isTTY, columns }))
    .map((line) => (line.length > columns ? `${line.slice(0, columns - 1)}…` : line));
  return SCREEN.home + fitting.map((line) => `${line}${SCREEN.line}`).join("\n") + SCREEN.line + SCREEN.rest;
}
