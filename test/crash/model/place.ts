import type { Ino } from "./disk.ts";

/** Where a path leads: what its last name is, or would be. */
export interface Place {
  readonly dir: Ino;
  readonly name: string;
  readonly ino: Ino | undefined;
  readonly parts: readonly string[];
}
