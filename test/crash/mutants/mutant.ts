export interface Edit {
  /** Below `src/`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface Mutant {
  readonly name: string;
  /** The scenario in which a crash shows it. */
  readonly caughtIn: string;
  readonly edits: readonly Edit[];
}

/** An edit of one file of the store. */
export const edit = (file: string, find: string, replace: string): Edit => ({
  file: `store/${file}.ts`,
  find,
  replace,
});
/** A protocol that differs from ours in these places. */
export const mutant = (name: string, caughtIn: string, ...edits: readonly Edit[]): Mutant => ({
  name,
  caughtIn,
  edits,
});
