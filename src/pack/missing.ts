import { closeSync, lstatSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { elfNeeds } from "./elf-needs.ts";

/** Programs beyond this size are not looked into. */
const MOST_BYTES = 512 * 1024 * 1024;

/**
 * What programs and libraries of a directory need and the directory does not have, one sentence each. An app runs in the loader's
 * container, not in a root of its own: what is missing here has to be there.
 */
export function missingLibraries(directory: string): string[] {
  const files = readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => join(entry.parentPath, entry.name));
  const names = new Set(files.map((file) => basename(file)));
  const warnings: string[] = [];
  for (const file of files.toSorted()) {
    if (!isElf(file)) continue;
    const { interpreter, libraries = [] } = elfNeeds(readFileSync(file)) ?? {};
    const absent = [interpreter ?? "", ...libraries].filter((name) => name !== "" && !names.has(basename(name)));
    if (absent.length === 0) continue;
    warnings.push(
      `${relative(directory, file)} needs ${absent.join(", ")}, which the image does not have: it starts only where the loader's container has them`,
    );
  }
  return warnings;
}

function isElf(file: string): boolean {
  const stat = lstatSync(file);
  if (!stat.isFile() || stat.size < 64 || stat.size > MOST_BYTES) return false;
  const head = Buffer.alloc(4);
  const fd = openSync(file, "r");
  try {
    return readSync(fd, head) === head.length && head.readUInt32BE(0) === 0x7f454c46;
  } finally {
    closeSync(fd);
  }
}
