import type { Logger } from "./logger.ts";
import { describeEvent } from "./messages.ts";

/** Lets warnings and errors through and nothing else. */
export function quietly(log: Logger): Logger {
  return {
    emit: (event) => {
      const { level } = describeEvent(event);
      if (level === "warn" || level === "error") log.emit(event);
    },
  };
}
