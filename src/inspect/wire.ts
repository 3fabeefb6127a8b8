import type { StorageUse } from "../store/usage.ts";
import type { View } from "./view.ts";

/** One event as the page shows it. */
export interface Line {
  /** Counts up; the page knows from it what it has. */
  readonly id: number;
  readonly time: string;
  readonly level: string;
  readonly type: string;
  readonly message: string;
  readonly component: string;
  /** Belongs to the history, not to the noise. */
  readonly notable: boolean;
}

/** What the server sends: first everything, then what is new. */
export interface Update {
  readonly view: View;
  readonly target: string | null;
  readonly storage: StorageUse | null;
  readonly lines: readonly Line[];
  /** Lines that came faster than anybody can read and were left out. */
  readonly skipped: number;
  /** The server's clock, ISO 8601: countdowns do not depend on the reader's. */
  readonly now: string;
}
