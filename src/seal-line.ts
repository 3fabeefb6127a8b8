/** One line of a tree's seal: kind, permissions, path, and the hash of a file or the target of a link. Names are latin1. */
export function lineOf(kind: "d" | "f" | "l", mode: string, path: string, content: string): string {
  return JSON.stringify([path, kind, mode, content]);
}
