import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../../..");

/** The published package: its tarball, its files, and a project in which it is installed. */
export interface Packed {
  readonly tarball: string;
  readonly files: readonly string[];
  /** A folder whose node_modules holds the package as published and, linked, its dependencies. */
  readonly project: string;
  readonly remove: () => void;
}

/** Packs the built checkout and installs the result, without any network. */
export function pack(): Packed {
  const folder = mkdtempSync(join(tmpdir(), "dockerloader-package-"));
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
  const [entry] = JSON.parse(
    execFileSync("npm", args, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
  ) as [{ filename: string; files: { path: string }[] }];
  const tarball = join(folder, entry.filename);
  const installed = join(folder, "project/node_modules/dockerloader");
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "--strip-components=1", "-C", installed]);
  // What npm would install beside it: the same versions, from the checkout.
  symlinkSync(join(ROOT, "node_modules"), join(installed, "node_modules"));
  return {
    tarball,
    files: entry.files.map(({ path }) => path).sort(),
    project: join(folder, "project"),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
