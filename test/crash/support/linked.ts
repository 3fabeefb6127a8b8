import { lstatSync, readlinkSync } from "node:fs";

/** The digest in a link's target, or undefined when there is no such link. */
export function linkedDigest(path: string): string | undefined {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  return /sha256:[a-f0-9]{64}/.exec(readlinkSync(path))?.[0];
}
