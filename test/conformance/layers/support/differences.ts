import type { LayerEntry } from "./entries.ts";
import type { Stack } from "./generate.ts";
import { below, join, parentOf } from "./seen.ts";
import type { Difference, Facts, Tree } from "./trees.ts";

/** One difference and all that is known about it. */
export interface Found extends Difference {
  readonly stack: Stack;
  readonly ourTree: Tree;
  readonly theirTree: Tree;
}

/** A way in which our trees differ from umoci's on purpose. */
export interface KnownDifference {
  readonly name: string;
  readonly reason: string;
  /** True when this is why the two differ. */
  readonly explains: (found: Found) => boolean;
}

const entriesOf = (stack: Stack): LayerEntry[] => stack.flat();
const isSpecial = (type: string | undefined): boolean => type === "fifo" || type === "device";

const MICROSECOND = 1_000n;

/** True for two times, in nanoseconds, that are the same to the microsecond. */
export function near(one: string, other: string): boolean {
  if (!/^-?\d+$/.test(one) || !/^-?\d+$/.test(other)) return false;
  const apart = BigInt(one) - BigInt(other);
  return apart < MICROSECOND && apart > -MICROSECOND;
}

/** The looks of a directory that no entry describes. */
const isImplied = (facts: Facts | undefined): boolean =>
  facts?.type === "directory" && facts.mode === "755" && facts.owner === "0:0" && facts.mtime === "now";

/** True when the path looks as the header says, in every respect. */
function looksLike(facts: Facts | undefined, entry: LayerEntry): boolean {
  if (facts === undefined || facts.mode !== entry.mode.toString(8) || facts.owner !== `${entry.uid}:${entry.gid}`) {
    return false;
  }
  const [seconds = "", fraction = ""] = entry.mtime.split(".");
  return near(facts.mtime, seconds.startsWith("-") ? "0" : `${seconds}${fraction.padEnd(9, "0")}`);
}

const lastOf = (name: string): string => /([^/]*)\/*$/.exec(name)?.[1] ?? "";

/** True when a whiteout is for the path or for a directory above it. */
function isHidden(stack: Stack, path: string): boolean {
  return entriesOf(stack).some(({ name }) => {
    const mark = name.slice(name.lastIndexOf("/") + 1);
    if (!mark.startsWith(".wh.")) return false;
    if (mark === ".wh..wh..opq") return below(path, parentOf(name));
    const hidden = join(parentOf(name), mark.slice(".wh.".length));
    return path === hidden || below(path, hidden);
  });
}

/** The whole list: a difference that no line of it explains fails the test, and so does a line that no stack needs. */
export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    name: "devices and fifos are skipped",
    reason: "Node has no mknod, and an app's tree is no container root (rule A26); parents only they need are not made",
    explains: ({ field, path, ourTree, theirTree }) => {
      if (field === "links") return ourTree.get(path)?.type === "directory" && specialBelow(theirTree, path);
      return (
        field === "presence" &&
        !ourTree.has(path) &&
        (isSpecial(theirTree.get(path)?.type) || specialBelow(theirTree, path))
      );
    },
  },
  {
    name: "times are kept to the microsecond",
    reason: "Node hands times to the kernel as a floating point number of seconds (rule A33)",
    explains: ({ field, ours, theirs }) => field === "mtime" && near(ours, theirs),
  },
  {
    name: "times before 1970 become 0",
    reason: "containerd and moby clamp them; some file systems cannot hold them (rule A33)",
    explains: ({ field, ours, theirs }) => field === "mtime" && ours === "0" && theirs.startsWith("-"),
  },
  {
    name: "a root without an entry has the time of its making",
    reason: "umoci sets it to 0; nothing in the image states it",
    explains: ({ field, path, ours, theirs }) => field === "mtime" && path === "" && ours === "now" && theirs === "0",
  },
  {
    name: "a hard link's header changes the file",
    reason:
      "containerd and moby apply owner, mode and time of the header to the shared file, umoci does not (rule A23)",
    explains: ({ field, path, stack, ourTree }) =>
      (field === "mode" || field === "owner" || field === "mtime") &&
      ourTree.get(path)?.type === "file" &&
      entriesOf(stack).some((entry) => entry.kind === "hardlink" && looksLike(ourTree.get(path), entry)),
  },
  {
    name: "a missing parent is made with mode 0755 and owner 0:0",
    reason: "umoci lets it inherit the group and the set-group-ID bit of the directory above (rule A3)",
    explains: ({ field, path, ourTree, theirTree }) => {
      const theirs = theirTree.get(path);
      if (!isImplied(ourTree.get(path)) || theirs?.mode !== "2755" || !theirs.owner.startsWith("0:")) return false;
      return field === "mode" || field === "owner";
    },
  },
  {
    name: "making a missing parent leaves the time of the directory above",
    reason: "its entry states the time (rule A33); umoci restores it only when the new child is the entry's own",
    explains: ({ field, path, ours, theirs, ourTree }) =>
      field === "mtime" && ourTree.get(path)?.type === "directory" && ours !== "now" && theirs === "now",
  },
  {
    name: "a hidden directory that comes back without an entry has lost its looks",
    reason: "the whiteout is for all the lower layer had; umoci decides by the order of the entries (rule A17)",
    explains: ({ field, path, stack, ourTree, theirTree }) =>
      (field === "mode" || field === "owner" || field === "mtime") &&
      isHidden(stack, path) &&
      isImplied(ourTree.get(path)) &&
      hadLooks(stack, path, theirTree.get(path)),
  },
];

/** True when what umoci shows is what a lower layer stated for a directory of that name, but for the time of a later change in it. */
function hadLooks(stack: Stack, path: string, theirs: Facts | undefined): boolean {
  const lower = stack.slice(0, -1).flat();
  return lower.some(
    (entry) =>
      entry.kind === "directory" &&
      lastOf(entry.name) === lastOf(path) &&
      theirs?.mode === entry.mode.toString(8) &&
      theirs.owner === `${entry.uid}:${entry.gid}`,
  );
}

function specialBelow(tree: Tree, directory: string): boolean {
  return [...tree].some(([path, { type }]) => isSpecial(type) && below(path, directory));
}
