/**
 * The protocol, broken on purpose: a sync dropped, two steps swapped, a guard removed, and the original's own order.
 * Each names the story that has to catch it. What is not here because nothing is lost by it (a second guard holds): the
 * sync before a clean-up (the version before the last commit is kept anyway), the removal of a broken version's receipt
 * (its tree goes as well), the look at `attempting` in a clean-up (the record of the trial names the same version).
 */
import { edit, type Mutant, mutant } from "./mutant.ts";
import { NO_BLOB_SYNC, NO_COMPARISON, NO_DIRECTORY_SYNC, NO_FILE_SYNC, NO_TREE_SYNC, STORAGE } from "./storage.ts";
import { VERDICTS } from "./verdicts.ts";

export const MUTANTS: readonly Mutant[] = [
  ...STORAGE,
  ...VERDICTS,
  mutant(
    "the original's own order: no sync, names trusted, the old version deleted at once",
    "update that commits",
    NO_FILE_SYNC,
    NO_DIRECTORY_SYNC,
    NO_TREE_SYNC,
    NO_BLOB_SYNC,
    NO_COMPARISON,
    edit("gc", "filter((name) => !previous.has(name) && !kept.has(name))", "filter((name) => !kept.has(name))"),
  ),
];
