/**
 * The mutants that the closure catches as well, by the versions it takes. The others damage what only the sweep damages
 * (blobs, trees, single names in the making), or need a scenario that no adversary of the closure plays.
 */
import { A, B, C, type Version } from "../model/versions.ts";

export interface Closing {
  readonly versions: readonly Version[];
  /** The one that is linked with the original library. */
  readonly original: Version;
  readonly mutants: readonly string[];
}

export const CLOSING: readonly Closing[] = [
  {
    versions: [A, B],
    original: B,
    mutants: [
      "a record's content is not synced",
      "a name that is published is not synced",
      "a record is not written to its end",
      "a record gives way before the new one is there",
      "a retained tree is not synced",
      "starts are not counted",
      "a claim is not recorded",
      "a claim is dropped before it is recorded",
      "a lost claim counts as won",
      "the claim deletes the link instead of moving it aside",
      "what followed what is forgotten before it is written",
      "a rollback flips before it records",
      "a rollback that was cut short is not finished",
      "an interrupted trial is dropped",
      "an interrupted trial is blamed",
      "trials are interrupted for ever",
      "a commit is not acknowledged at boot",
      "a claim that was cut short is forgotten",
      "nothing is recovered",
    ],
  },
  {
    versions: [A, C],
    original: B,
    mutants: [
      "a move is not synced",
      "a blob is not synced",
      "a clean-up takes the version to return to",
      "the original's own order: no sync, names trusted, the old version deleted at once",
    ],
  },
  {
    versions: [A, B, C],
    original: C,
    mutants: [
      "a version that made room is blamed",
      "an interrupted trial takes the place of a newer version",
      "a clean-up takes what is staged",
    ],
  },
];
