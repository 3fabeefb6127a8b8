/**
 * An update in the order of the original: nothing is synced, the old version is deleted right after the commit.
 * Argument: a data directory that `originalFirst` has filled. Run as a program to be cut at any of its calls.
 */
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

const FILES = 20;
const ENTRYPOINT = "#!/bin/sh\necho serving\n";

const at = (dataDir: string, ...parts: string[]): string => join(dataDir, "storage/v1", ...parts);

function extract(dataDir: string, version: string): void {
  const temporary = at(dataDir, "extracted", `tmp-${version}`);
  mkdirSync(temporary);
  writeFileSync(join(temporary, "entrypoint"), ENTRYPOINT, { mode: 0o755 });
  for (let file = 0; file < FILES; file += 1) writeFileSync(join(temporary, `file${file}`), `${version} ${file}`);
  renameSync(temporary, at(dataDir, "extracted", version));
}

/** The first version, as it is long after its first boot. */
export function originalFirst(dataDir: string): void {
  for (const name of ["blobs", "images", "extracted"]) mkdirSync(at(dataDir, name), { recursive: true });
  extract(dataDir, "old");
  symlinkSync(at(dataDir, "extracted/old/entrypoint"), join(dataDir, "entrypoint"));
}

export function originalUpdate(dataDir: string): void {
  for (const [folder, name] of [
    ["blobs", "layer"],
    ["images", "new"],
  ] as const) {
    writeFileSync(at(dataDir, folder, `tmp-${name}`), "x".repeat(4096));
    renameSync(at(dataDir, folder, `tmp-${name}`), at(dataDir, folder, name));
  }
  extract(dataDir, "new");
  writeFileSync(join(dataDir, "update-attempt"), "new");
  symlinkSync(at(dataDir, "extracted/new/entrypoint"), join(dataDir, "entrypoint-attempt.tmp"));
  renameSync(join(dataDir, "entrypoint-attempt.tmp"), join(dataDir, "entrypoint-attempt"));
  renameSync(join(dataDir, "entrypoint-attempt"), join(dataDir, "entrypoint-attempting"));
  renameSync(join(dataDir, "entrypoint-attempting"), join(dataDir, "entrypoint"));
  unlinkSync(join(dataDir, "update-attempt"));
  renameSync(at(dataDir, "extracted/old"), at(dataDir, "extracted/removing-old"));
  rmSync(at(dataDir, "extracted/removing-old"), { recursive: true });
}

/** What the original would find at its next boot, when that is not a version that can run; undefined when it is. */
export function originalFault(dataDir: string): string | undefined {
  try {
    if (readFileSync(join(dataDir, "entrypoint"), "utf8") !== ENTRYPOINT) return "the entrypoint is empty or damaged";
    const tree = dirname(readlinkSync(join(dataDir, "entrypoint")));
    const damaged = readdirSync(tree).filter((name) => readFileSync(join(tree, name)).length === 0);
    return damaged.length === 0 ? undefined : `${damaged.length} files of the stable version are empty`;
  } catch (error) {
    return `the entrypoint cannot be read: ${String(error)}`;
  }
}

const [, program = "", dataDir] = process.argv;
if (program === import.meta.filename && dataDir !== undefined) originalUpdate(dataDir);
