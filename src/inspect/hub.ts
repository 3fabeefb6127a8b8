import type { Config } from "../config/table.ts";
import { HISTORY } from "../log/events.ts";
import { parseLines, type Recorded } from "../log/parse.ts";
import { LIMITS } from "../limits.ts";
import { followJournal, type Store, type StorageUse, storageUse } from "../store/index.ts";
import { reduce } from "./reduce.ts";
import { EMPTY_VIEW, type View } from "./view.ts";
import type { Line, Update } from "./wire.ts";

export interface Hub {
  readonly view: () => View;
  /** Everything a page needs to begin with. */
  readonly snapshot: () => Update;
  /** Calls back at most every 100 ms, and only when something has happened. Returns the way to end it. */
  readonly subscribe: (listener: (update: Update) => void) => () => void;
  readonly close: () => void;
}

export interface HubOptions {
  readonly config: Pick<Config, "target">;
  /** Sees every event, also those that no page is sent. */
  readonly onEvents?: (events: readonly Recorded[]) => void;
}

/**
 * Reads the event stream once for all pages. A burst costs a page one message: the newest lines, how many were left
 * out, and the view after the last of them.
 */
export function createHub(store: Store, { config, onEvents }: HubOptions): Hub {
  let view = EMPTY_VIEW;
  let lastId = 0;
  let recent: Line[] = [];
  let pending: Line[] = [];
  let skipped = 0;
  let timer: NodeJS.Timeout | undefined;
  const listeners = new Set<(update: Update) => void>();

  const update = (lines: readonly Line[], left: number): Update => ({
    view,
    target: config.target ?? null,
    storage: measure(store),
    lines,
    skipped: left,
    now: new Date().toISOString(),
  });
  const flush = (): void => {
    timer = undefined;
    const message = update(pending, skipped);
    pending = [];
    skipped = 0;
    for (const listener of listeners) listener(message);
  };
  const take = (texts: readonly string[]): void => {
    const events = parseLines(texts);
    view = events.reduce(reduce, view);
    onEvents?.(events);
    for (const event of events) {
      lastId += 1;
      const line = lineOf(event, lastId);
      recent.push(line);
      pending.push(line);
    }
    recent = recent.slice(-LIMITS.inspectLines);
    if (pending.length > LIMITS.inspectBurst) {
      skipped += pending.length - LIMITS.inspectBurst;
      pending = pending.slice(-LIMITS.inspectBurst);
    }
    if (listeners.size === 0) pending = [];
    else timer ??= setTimeout(flush, LIMITS.inspectMs);
  };
  const follower = followJournal(store.fs, store.layout.events, take);

  return {
    view: () => view,
    snapshot: () => update(recent, 0),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => {
      follower.close();
      clearTimeout(timer);
      listeners.clear();
    },
  };
}

function lineOf({ time, level, message, component, event }: Recorded, id: number): Line {
  return { id, time, level, type: event.type, message, component, notable: HISTORY.has(event.type) };
}

function measure(store: Store): StorageUse | null {
  try {
    return storageUse(store);
  } catch {
    return null;
  }
}
