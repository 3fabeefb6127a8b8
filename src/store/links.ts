import { join, relative, sep } from "node:path";
import { isDigest, type Digest } from "../digest.ts";
import type { Layout } from "../layout.ts";
import type { Durable } from "./durable.ts";
import { errnoOf, type FileSystem } from "./fs.ts";
import { readIfPresent } from "./reads.ts";

/** The three links by which loader and app speak: what is stable, what is staged, what is on trial. */
export type Slot = "entrypoint" | "attempt" | "attempting";

/** What a link shows. `foreign`: it exists but points to no version of this data directory. */
export type LinkState =
  | { readonly kind: "absent" }
  | { readonly kind: "version"; readonly digest: Digest; readonly target: string }
  | { readonly kind: "foreign"; readonly target: string };

export interface Links {
  /** Never follows the link: a dangling one is a `version` whose tree is missing, not "absent". */
  readonly read: (slot: Slot) => LinkState;
  readonly digest: (slot: Slot) => Digest | undefined;
  /** Atomic and durable; replaces whatever is there. */
  readonly point: (slot: Slot, digest: Digest) => void;
  /** `attempt` becomes `attempting`. False: nothing is staged. */
  readonly beginTrial: () => boolean;
  /** `attempting` becomes `attempt` again: an interrupted trial gets its turn once more. */
  readonly requeue: () => boolean;
  /** The commit: `attempting` becomes `entrypoint`, one rename. False: the loader has claimed the trial. */
  readonly commit: () => boolean;
  /** The claim: takes `attempting` away in one rename, to `revoked`. False: the app has committed. */
  readonly claim: () => boolean;
  /** The version whose trial was claimed and not yet recorded as failed. */
  readonly revoked: () => Digest | undefined;
  readonly dropRevoked: () => void;
  readonly drop: (slot: Slot) => void;
}

/** Reads the digest out of a link target: the path element below `extracted`, which must be followed by `entrypoint`. */
function digestIn(layout: Layout, target: string): Digest | undefined {
  const absolute = target.startsWith("/") ? target : join(layout.dataDir, target);
  const [digest, name, ...rest] = relative(layout.extracted, absolute).split(sep);
  return isDigest(digest) && name === "entrypoint" && rest.length === 0 ? digest : undefined;
}

/** What stands for the target of something that is there and is no link. */
const NO_LINK = "no link";

export function createLinks(layout: Layout, fs: FileSystem, durable: Durable): Links {
  const readTarget = (path: string): string => {
    try {
      return fs.readlinkSync(path, "utf8");
    } catch (error) {
      if (errnoOf(error) === "EINVAL") return NO_LINK;
      throw error;
    }
  };
  const readPath = (path: string): LinkState => {
    const target = readIfPresent(path, () => readTarget(path));
    if (target === undefined) return { kind: "absent" };
    if (target === NO_LINK) return { kind: "foreign", target };
    const digest = digestIn(layout, target);
    return digest === undefined ? { kind: "foreign", target } : { kind: "version", digest, target };
  };
  const digestAt = (path: string): Digest | undefined => {
    const state = readPath(path);
    return state.kind === "version" ? state.digest : undefined;
  };
  return {
    read: (slot) => readPath(layout[slot]),
    digest: (slot) => digestAt(layout[slot]),
    point: (slot, digest) => durable.flipLink(layout[slot], layout.executable(digest)),
    beginTrial: () => durable.move(layout.attempt, layout.attempting),
    requeue: () => durable.move(layout.attempting, layout.attempt),
    commit: () => durable.move(layout.attempting, layout.entrypoint),
    claim: () => durable.move(layout.attempting, layout.revoked),
    revoked: () => digestAt(layout.revoked),
    dropRevoked: () => durable.drop(layout.revoked),
    drop: (slot) => durable.drop(layout[slot]),
  };
}
