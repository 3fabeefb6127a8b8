/** Who has to know what happens to a tree. */
export interface TreeWatcher {
  /** A file or a link was removed. */
  readonly gone: (path: string) => void;
  /** A directory is at a path at which none was made: the volume takes the path for another one. */
  readonly foreign: (path: string) => void;
  /** A path, or the whole tree, is going to be looked at: what somebody else makes there has to be there when this returns. */
  readonly due: (path?: string) => void;
}

export const NOBODY: TreeWatcher = { gone: () => undefined, foreign: () => undefined, due: () => undefined };
