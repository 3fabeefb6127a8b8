import type { EventType, LoaderEvent } from "./events.ts";
import { isEventType } from "./messages.ts";

/** One line of the event stream, read back. */
export interface Recorded {
  /** ISO 8601. */
  readonly time: string;
  readonly level: string;
  /** The sentence for people. */
  readonly message: string;
  readonly component: string;
  readonly pid: number;
  readonly event: LoaderEvent;
}

/** Reads a line of the stream. Undefined: it is cut short, or of a version that knows other events. */
export function parseLine(line: string): Recorded | undefined {
  try {
    const { time, level, event, message, component, pid, ...fields } = JSON.parse(line) as Record<string, unknown>;
    if (typeof event !== "string" || !isEventType(event) || typeof time !== "string") return undefined;
    return {
      time,
      level: String(level),
      message: String(message),
      component: String(component),
      pid: Number(pid),
      event: { type: event satisfies EventType, message, ...fields } as unknown as LoaderEvent,
    };
  } catch {
    return undefined;
  }
}

/** Reads many lines; what cannot be read is left out. */
export function parseLines(lines: readonly string[]): Recorded[] {
  return lines.map(parseLine).filter((recorded) => recorded !== undefined);
}

const TIME_KEY = '{"time":"';
const TIME_CHARS = 24;

/** When a line was written, ISO 8601, without reading the rest of it; it is always the first field. */
export function timeOf(line: string): string {
  return line.startsWith(TIME_KEY) ? line.slice(TIME_KEY.length, TIME_KEY.length + TIME_CHARS) : "";
}
