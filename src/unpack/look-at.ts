import { lstatSync, type Stats } from "node:fs";
import { errnoOf } from "./faults.ts";
import type { RawPath } from "./names.ts";

/** The facts of what is at a path; undefined for nothing, and for a path below something that is no directory. */
export function lookAt(path: RawPath): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (errnoOf(error) !== "ENOTDIR") throw error;
    return undefined;
  }
}
