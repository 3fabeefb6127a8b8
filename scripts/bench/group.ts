/** What a group of measurements found. */
export interface Outcome {
  /** For people. */
  readonly lines: readonly string[];
  /** For `--json`: figures and samples. */
  readonly data: unknown;
  /** Goals that are missed, each in a few words. */
  readonly missed: readonly string[];
}

/** Measures in so many rounds; undefined: as many as the group thinks right. */
export type Group = (rounds: number | undefined) => Promise<Outcome>;

export function middle(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** Lays cells out in columns: the first left, the others right; as wide as the widest. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>((known, row) => {
    return row.map((cell, index) => Math.max(cell.length, known[index] ?? 0));
  }, []);
  return rows.map((row) =>
    row
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart((widths[index] ?? 0) + 2)))
      .join(""),
  );
}
