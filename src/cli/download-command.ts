/** This program, callable again: interpreter, its options, the program's file. */
export type Self = readonly [string, ...string[]];

/**
 * How the loader has a version downloaded: in a process of its own, because it never reads what a registry sends (design), with the
 * smallest nursery: the pieces of a stream live short, and each generation of them is memory that the container needs.
 */
export function downloadCommand(self: Self): [string, ...string[]] {
  const [interpreter, ...rest] = self;
  return [interpreter, ...rest.slice(0, -1), "--max-semi-space-size=1", ...rest.slice(-1), "fetch"];
}
