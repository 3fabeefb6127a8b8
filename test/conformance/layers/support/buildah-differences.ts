import { near } from "./differences.ts";
import type { Difference, Tree } from "./trees.ts";

/** A way in which our trees differ from what buildah mounts. */
export interface BuildahDifference {
  readonly name: string;
  readonly reason: string;
  readonly explains: (found: Difference, ours: Tree, theirs: Tree) => boolean;
}

const isDirectory = (tree: Tree, path: string): boolean => tree.get(path)?.type === "directory";

/** The whole list: a difference that no line of it explains fails the test, and so does a line that no stack needs. */
export const BUILDAH_DIFFERENCES: readonly BuildahDifference[] = [
  {
    name: "times are kept to the microsecond",
    reason: "Node hands times to the kernel as a floating point number of seconds (rule A33)",
    explains: ({ field, ours, theirs }) => field === "mtime" && near(ours, theirs),
  },
  {
    name: "the root is the storage's own directory",
    reason: "buildah makes the root of a container with mode 0555 unless the image has an entry for it",
    explains: ({ path, field, theirs }) => path === "" && field === "mode" && theirs === "555",
  },
  {
    name: "a directory keeps its time when something in it changes",
    reason: "its entry states the time (rule A33); buildah leaves the time of the last change in it",
    explains: ({ path, field, theirs }, ours) => field === "mtime" && theirs === "now" && isDirectory(ours, path),
  },
  {
    name: "hard links stay hard links",
    reason: "the storage copies the tree for each layer, and its copy of a file with two names is two files",
    explains: ({ path, field }, ours, theirs) => {
      const [mine, other] = [ours.get(path), theirs.get(path)];
      if (mine === undefined || other === undefined || mine.type === "directory") return false;
      if (field === "links" || field === "same") return Number(other.links) < Number(mine.links);
      // The content is compared at a file's first name; what is a second name in our tree is a first one there.
      return field === "content" && mine.same !== path && other.content === ours.get(mine.same)?.content;
    },
  },
];
