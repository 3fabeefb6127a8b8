/** One state of everything at once: loader, app and volume. */
import type { Digest } from "../../../src/digest.ts";
import { keyOf, type Snapshot } from "../../model/supervisor-model.ts";
import type { DiskId } from "./disks.ts";

/** The app's process, as far as anything depends on it. */
export interface App {
  readonly digest: Digest;
  readonly onTrial: boolean;
  /** Linked with the original library: it takes a missing link for its commit and deletes all other versions. */
  readonly original: boolean;
  /** Told to end; `KILL` leaves it no other move. */
  readonly told: "nothing" | "STOP" | "KILL";
}

export interface Moment {
  /** Null: no loader runs. */
  readonly loader: Snapshot | null;
  readonly app: App | null;
  readonly disk: DiskId;
  /** The loader began after a stop that was not in order. */
  readonly unclean: boolean;
  /** It has planned a launch since. */
  readonly planned: boolean;
  readonly crashesLeft: number;
  /** How often the version on trial was started since it was staged, as its processes would count. */
  readonly starts: { readonly digest: Digest; readonly count: number } | null;
}

/** Of a loader that has ended nothing is left but the disk: its exit code was checked as it came. */
const loaderKey = (loader: Snapshot | null): string | null =>
  loader === null ? null : loader.status === "done" ? "ended" : keyOf(loader);

export const keyOfMoment = ({ loader, app, disk, unclean, planned, crashesLeft, starts }: Moment): string =>
  JSON.stringify([loaderKey(loader), app, disk, unclean, planned, crashesLeft, starts]);
