import type { ErrorCode } from "../../../src/errors.ts";
import type { Site } from "./harness.ts";

type Tree = Readonly<Record<string, string>>;

/** One stack of layers and what has to come of it. */
export interface LayerCase {
  readonly title: string;
  /** Uncompressed layers, lowest first. The site tells absolute paths that a hostile layer would aim at. */
  readonly layers: readonly Buffer[] | ((site: Site) => readonly Buffer[]);
  /** The whole tree, as `treeOf` shows it, or the code of the error. */
  readonly expected: Tree | ErrorCode | ((site: Site) => Tree);
  /** What the report has to mention, one pattern for each warning. Default: none. */
  readonly warnings?: readonly RegExp[];
  /** Further checks of the tree. */
  readonly check?: (root: string) => void;
}

/** The tree of the absolute path `path` inside of the root, directories only. */
export function nested(path: string): Record<string, string> {
  const parts = path.split("/").filter((part) => part !== "");
  return Object.fromEntries(parts.map((_, index) => [`${parts.slice(0, index + 1).join("/")}/`, ""]));
}
