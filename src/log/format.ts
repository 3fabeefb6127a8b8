import { styleText } from "node:util";
import { redact } from "./redact.ts";
import type { Level, LoaderEvent } from "./events.ts";

export interface Line {
  readonly time: Date;
  readonly level: Level;
  readonly message: string;
  readonly component: string;
  readonly pid: number;
  readonly event: LoaderEvent;
}

const COLOUR = { error: "red", warn: "yellow", info: "green", debug: "gray" } as const;

function redactFields(_key: string, value: unknown): unknown {
  return typeof value === "string" ? redact(value) : value;
}

/** One JSON object: time, level, event, message, component, pid, then the fields of the event. */
export function formatJson(line: Line): string {
  const { type, ...fields } = line.event;
  return JSON.stringify(
    {
      time: line.time.toISOString(),
      level: line.level,
      event: type,
      message: line.message,
      component: line.component,
      pid: line.pid,
      ...("message" in fields ? { ...fields, message: line.message } : fields),
    },
    redactFields,
  );
}

/** One line for people. Colour codes stand around the time and level only, never inside the sentence. */
export function formatPretty(line: Line, colours: boolean): string {
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    colours ? styleText(style, text, { validateStream: false }) : text;
  const clock = line.time.toISOString().slice(11, 23);
  return `${paint("dim", clock)} ${paint(COLOUR[line.level], line.level.padEnd(5))} ${redact(line.message)}`;
}
