import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from "node:fs";
import { join, relative } from "node:path";

/**
 * Everything below a directory, one line a name, sorted: kind, mode, owner, time of change in seconds, what it holds,
 * and which other names are the same file. Two trees are equal when these lines are. The directory itself is not in it.
 */
export function treeOf(root: string): string[] {
  const names = readdirSync(root, { recursive: true, withFileTypes: true })
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .toSorted();
  const firstName = new Map<string, string>();
  return names.map((name) => {
    const path = join(root, name);
    const stat = lstatSync(path);
    const inode = `${stat.dev}:${stat.ino}`;
    const same = stat.isDirectory() ? undefined : firstName.get(inode);
    if (same === undefined) firstName.set(inode, name);
    const { mode, uid, gid, mtimeMs } = stat;
    const facts = [(mode & 0o7777).toString(8), `${uid}:${gid}`, Math.floor(mtimeMs / 1000), contentOf(path, stat)];
    return `${name} ${facts.join(" ")}${same === undefined ? "" : ` = ${same}`}`;
  });
}

function contentOf(path: string, stat: Stats): string {
  if (stat.isDirectory()) return "directory";
  if (stat.isSymbolicLink()) return `-> ${readlinkSync(path)}`;
  if (!stat.isFile()) return `special ${stat.mode.toString(8)} ${stat.rdev}`;
  return `${stat.size} ${createHash("sha256").update(readFileSync(path)).digest("hex")}`;
}
