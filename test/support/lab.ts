import type { Ran } from "../container/support/command.ts";
import type { Output } from "../container/support/output.ts";
import { type Example, type Settings, whyNot } from "../container/support/app-image.ts";

export { whyNot };
export const EXAMPLES: readonly Example[] = ["typescript", "shell", "rust"];

/** A running loader, as a process or in a container. */
export interface RunningLoader extends Output {
  /** What stays the same as long as it is the same loader. */
  readonly identity: () => Promise<string>;
  /** Calls the committed version: `cli ARGS`. */
  readonly cli: (...args: string[]) => Promise<Ran>;
  /** Calls `dockerloader ARGS` beside it. */
  readonly command: (...args: string[]) => Promise<Ran>;
  /** SIGTERM; how the loader ended. */
  readonly stop: () => Promise<Ran>;
}

/** One app with a repository in a registry and a data directory of its own. */
export interface Site {
  readonly dataDir: string;
  /** Pushes a version to the target's tag; its digest. */
  readonly push: (settings: Settings) => Promise<string>;
  readonly start: (options?: { readonly env?: Readonly<Record<string, string>> }) => RunningLoader;
  /** Starts a loader and waits for its end. */
  readonly run: (options?: { readonly env?: Readonly<Record<string, string>> }) => Promise<Ran>;
  /** The digest of the version `entrypoint` points to. */
  readonly stable: () => Promise<string | undefined>;
  /** The names in a directory below the data directory. */
  readonly names: (path: string) => Promise<string[]>;
}

export interface Lab {
  readonly site: (app: { readonly example: Example }) => Promise<Site>;
  readonly close: () => Promise<void>;
}
