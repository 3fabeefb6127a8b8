import type { Journal } from "../store/journal.ts";
import { HISTORY } from "./events.ts";
import { formatJson } from "./format.ts";
import type { Logger } from "./logger.ts";
import { describeEvent } from "./messages.ts";

/** The journals of one data directory. */
export interface Journals {
  readonly events: Journal;
  readonly history: Journal;
}

/**
 * Writes every event, whatever the log level, to the event stream on the volume, and what people want to find again to
 * the history. `attended`: this process is the loader, which keeps both within their bounds.
 */
export function createJournalLogger(
  { events, history }: Journals,
  component: "loader" | "app" | "cli",
  attended = false,
): Logger {
  return {
    emit(event) {
      const line = formatJson({ time: new Date(), ...describeEvent(event), component, pid: process.pid, event });
      events.append(line);
      if (attended) events.turn();
      if (!HISTORY.has(event.type)) return;
      history.append(line);
      if (attended) history.turn();
    },
  };
}

/** Reports to all of them, in this order. */
export function tee(...loggers: readonly Logger[]): Logger {
  return {
    emit(event) {
      for (const logger of loggers) logger.emit(event);
    },
  };
}
