import type { EventOf, EventType, LoaderEvent } from "../log/events.ts";
import { describeExit } from "../log/messages.ts";
import type { Recorded } from "../log/parse.ts";

type Sentences = { readonly [T in EventType]?: (event: EventOf<T>) => string };

/**
 * What the log says for those who stand beside it, said for those who come back after weeks: with the version it is about.
 * An event that is not here already names its version; its sentence is the log's.
 */
const SENTENCES: Sentences = {
  "loader.started": ({ version }) => `loader ${version} started`,
  "loader.signal": ({ signal }) => `the loader was asked to stop by ${signal}`,
  "loader.exited": ({ exitCode }) => `loader ended with code ${exitCode}`,
  "child.spawned": ({ digest, trial, label }) =>
    `started ${digest}${label === undefined ? "" : ` (${label})`}${trial ? " on trial" : ""}`,
  "child.exited": ({ digest, exit }) => `${digest} ${describeExit(exit)}`,
  "trial.kept": ({ digest }) => `committed ${digest}`,
  "update.staged": ({ digest }) => `staged ${digest}`,
};

/** One line of the history for people: when, and what. */
export function historyLine({ time, message, component, event }: Recorded): string {
  const sentence = SENTENCES[event.type] as ((event: LoaderEvent) => string) | undefined;
  // The loader does it by itself; a command only when somebody asks for it.
  const byHand = event.type === "rollback.finished" && component === "cli" ? ", asked for by hand" : "";
  return `${time.slice(0, 19).replace("T", " ")}  ${sentence === undefined ? message : sentence(event)}${byHand}`;
}

/** The same as data: a line of the stream as it was written. */
export function historyEntry({ event, time, level, message, component, pid }: Recorded): object {
  const { type, ...fields } = event;
  return { time, level, event: type, component, pid, ...fields, message };
}
