import type { Limits } from "../limits.ts";
import { Budget } from "./budget.ts";
import { Census } from "./census.ts";
import type { FileRecords } from "./file-record.ts";
import { FileMaker, type Helper } from "./files.ts";
import { Folds } from "./folds.ts";
import { Holes } from "./holes.ts";
import { Recorder } from "./inventory.ts";
import type { DirectoryFacts } from "./metadata.ts";
import { Ownership } from "./ownership.ts";
import { Rootfs } from "./rootfs.ts";
import { Warnings } from "./warnings.ts";

/** What all layers of one image share. */
export interface ImageState {
  readonly tree: Rootfs;
  readonly budget: Budget;
  readonly warnings: Warnings;
  readonly ownership: Ownership;
  /** The looks of a directory that no entry describes (rule A3). */
  readonly impliedFacts: DirectoryFacts;
  /** Notes what the layers do, when somebody wants to know. */
  readonly recorder: Recorder | undefined;
  readonly records: FileRecords;
  readonly holes: Holes;
  readonly files: FileMaker;
  /** Knows what is in the tree, when somebody wants its seal. */
  readonly census: Census | undefined;
  readonly folds: Folds;
}

/** What is to be known about the tree in the end. */
export interface Wanted {
  readonly inventory: boolean;
  readonly seal: boolean;
}

export const NOTHING_WANTED: Wanted = { inventory: false, seal: false };

/** The state before the first layer. The root counts as a directory that no entry describes. */
export function newImageState(
  root: string,
  limits: Limits,
  owners: boolean,
  wanted: Wanted,
  helper?: Helper,
): ImageState {
  const recorder = wanted.inventory ? new Recorder(limits.inventoryEntries) : undefined;
  const census = wanted.seal ? new Census(limits.inventoryEntries) : undefined;
  const holes = new Holes();
  const warnings = new Warnings();
  const folds = new Folds(warnings);
  const tree = new Rootfs(root, {
    gone: (path) => {
      recorder?.gone(path);
      holes.gone(path);
      if (census?.gone(path) === false) folds.add(path);
    },
    foreign: (path) => folds.add(path),
    due: (path) => files.due(path),
  });
  const ownership = new Ownership(owners, warnings);
  const impliedFacts = { ...ownership.own, mode: 0o755, mtime: undefined };
  tree.directories.set("", impliedFacts);
  const records = recordsFor(recorder, census);
  const files = new FileMaker({ tree, ownership, warnings, records }, wanted.seal || wanted.inventory, helper);
  return {
    tree,
    budget: new Budget(limits),
    warnings,
    ownership,
    impliedFacts,
    recorder,
    records,
    holes,
    files,
    census,
    folds,
  };
}

/** One record of each file, for the recorder and for the census. */
const recordsFor = (recorder: Recorder | undefined, census: Census | undefined): FileRecords => ({
  note: (path, mode) => {
    const record = { path, mode, ino: 0, sha256: "" };
    recorder?.file(record);
    census?.file(record);
    return record;
  },
  regain: (record, path) => {
    record.path = path;
    recorder?.back(record);
    census?.file(record);
  },
});
