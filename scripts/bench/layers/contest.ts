import type { ImageName } from "./images.ts";
import type { Made } from "./made.ts";

/** What a contestant gets. */
export interface Job {
  /** New and empty. */
  readonly directory: string;
  readonly image: Made;
  /** In an update: the image that is there already. */
  readonly before?: Made;
}

/** One way to do the job. All of it happens in a process of its own, see turn.ts. */
export interface Contestant {
  readonly name: string;
  /** What has to be there before, untimed. */
  readonly prepare?: (job: Job) => Promise<unknown>;
  readonly run: (job: Job) => Promise<unknown>;
  /** What has to end before the directory can go, untimed. */
  readonly finish?: (job: Job) => Promise<unknown>;
}

/** What ours may cost at most: so many times what another one costs. */
export interface Goal {
  readonly against: string;
  readonly times: number;
}

export interface Contest {
  readonly title: string;
  readonly image: ImageName;
  readonly before?: ImageName;
  /** Whether the image comes from the registry. */
  readonly pulled: boolean;
  /** A turn takes a fraction of a second: there is time for more of them, and what else happens on the machine weighs more. */
  readonly short?: true;
  /** Ours first. */
  readonly contestants: readonly [Contestant, ...Contestant[]];
  readonly goals: readonly Goal[];
  /** What bounds the figure, for those who want to go below it. */
  readonly bound: string;
}
