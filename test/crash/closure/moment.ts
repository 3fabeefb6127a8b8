/** One state of everything at once: loader, app and volume. */
import type { Digest } from "../../../src/digest.ts";
import type { Snapshot } from "../../model/supervisor-model.ts";
import type { Version } from "../model/versions.ts";
import type { DiskId, Disks } from "./disks.ts";
import type { Loaders } from "./loaders.ts";

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
  /** And has planned no launch since: the next plan compares every byte. */
  readonly thorough: boolean;
}

/** What an exploration knows: every state of its parts, each once. */
export interface Parts {
  readonly disks: Disks;
  readonly loaders: Loaders;
  /** The version that is linked with the original library; all others are with ours. */
  readonly original: Version;
}

/** No process runs. */
export const stopped = (disk: DiskId): Moment => ({ loader: null, app: null, disk, unclean: false, thorough: false });

/** Of a loader that has ended nothing is left but the disk: its exit code was checked as it came. */
function loaderKey(loader: Snapshot | null, { loaders }: Parts): string {
  if (loader === null) return "none";
  return loader.status === "done" ? "ended" : String(loaders.idOf(loader));
}

export const keyOfMoment = ({ loader, app, disk, unclean, thorough }: Moment, parts: Parts): string =>
  `${disk} ${loaderKey(loader, parts)} ${unclean} ${thorough} ${app === null ? "" : `${app.digest} ${app.onTrial} ${app.told}`}`;
