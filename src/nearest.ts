/** Edits further away than this share of the name's length are no typing mistake. */
const SHARE = 0.4;

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other (Damerau, adjacent swaps). */
export function editDistance(from: string, to: string): number {
  let before: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (before[column - 2] ?? 0) + 1 : Infinity,
      );
    }
    [before, last] = [last, current];
  }
  return last[to.length] ?? 0;
}

/** The known name that was probably meant, or undefined when none is near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best !== undefined && best.distance <= Math.max(1, Math.floor(name.length * SHARE))
    ? best.candidate
    : undefined;
}

/** The end of a sentence about an unknown name: `; did you mean NAME?`, or nothing. */
export function didYouMean(name: string, known: readonly string[], prefix = ""): string | undefined {
  const found = nearest(name, known);
  return found === undefined ? undefined : `did you mean ${prefix}${found}?`;
}
