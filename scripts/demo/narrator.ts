import { styleText } from "node:util";
import type { Heard } from "./loader.ts";

const colours = process.stdout.isTTY && !process.env["NO_COLOR"];
const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
  colours ? styleText(style, text) : text;
const started = performance.now();

/** Digests cut to 12 digits and paths to their last part: the demo is read by people. */
function shorten(text: string): string {
  return text.replace(/(sha256:[a-f0-9]{12})[a-f0-9]{52}/g, "$1").replace(/\/[^\s]*\/(entrypoint[a-z-]*)/g, "$1");
}

function say(at: number, mark: string, text: string): void {
  const seconds = ((at - started) / 1000).toFixed(2).padStart(6);
  console.log(`${paint("dim", `${seconds} s`)}  ${mark}  ${shorten(text)}`);
}

/** A headline: what the demo does next. */
export function headline(text: string): void {
  console.log(`\n${paint("bold", text)}`);
}

export function note(text: string): void {
  say(performance.now(), " ", text);
}

/** Tells one line of the loader or the app as it happens. */
export function narrate(heard: Heard): void {
  if (heard.kind === "app") {
    if (heard.text.startsWith("app v")) say(heard.at, paint("cyan", "app   "), heard.text);
    return;
  }
  const { event, message } = heard;
  if (event.type === "supervisor.state") {
    return say(heard.at, paint("magenta", "state "), `${event.from ?? "-"} -> ${paint("bold", event.state)}`);
  }
  const quiet = [
    "child.spawned",
    "trial.claimed",
    "update.checking",
    "update.compared",
    "update.current",
    "gc.finished",
    "loader.found",
  ];
  if (!quiet.includes(event.type)) say(heard.at, paint("dim", "loader"), message);
}

/** A plain table: the first row's keys are the heads. */
export function printTable(rows: readonly Readonly<Record<string, string>>[]): void {
  const heads = Object.keys(rows[0] ?? {});
  const width = (head: string): number => Math.max(head.length, ...rows.map((row) => (row[head] ?? "").length));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, at) => cell.padEnd(width(heads[at] ?? ""))).join("  ");
  console.log(paint("bold", line(heads)));
  for (const row of rows) console.log(line(heads.map((head) => row[head] ?? "")));
}
