import { join } from "node:path";
import { type Digest, isDigest } from "../digest.ts";
import type { Layout } from "../layout.ts";
import { type Inventory, parseInventory, type RecordedEntry } from "../unpack/inventory.ts";
import { clampTime, isSameTime } from "../unpack/metadata.ts";
import type { FileSystem } from "./fs.ts";
import { listNames, readIfPresent } from "./reads.ts";
import type { Receipt } from "./trees.ts";

const MODE_BITS = 0o7777;

/**
 * Where the volume cannot clone, versions share files by hard links, and an app that writes such a file in place writes it for both.
 * Names the first file of a version that another version's tree has too and that was written since it was unpacked; undefined when
 * there is none. A write sets the time and a replaced file has another inode, so only looks are compared, and nothing at all
 * unless a receipt says that files were linked.
 */
export function alteredFile(
  { layout, fs }: { readonly layout: Layout; readonly fs: FileSystem },
  digest: Digest,
  receiptOf: (digest: Digest) => Receipt | undefined,
): string | undefined {
  const own = receiptOf(digest);
  if (own?.layers === undefined) return undefined;
  const others = listNames(fs, layout.inventories)
    .map((name) => name.replace(/\.jsonl$/, ""))
    .filter(isDigest)
    .filter((other) => other !== digest && (own.linked === true || receiptOf(other)?.linked === true));
  if (others.length === 0) return undefined;
  const filesOf = (version: Digest): RecordedEntry[] => {
    const path = layout.inventory(version);
    const text = readIfPresent(path, () => fs.readFileSync(path, "utf8")) ?? "";
    return files(parseInventory(text, receiptOf(version)?.layers?.length ?? 0));
  };
  const shared = new Set(others.flatMap(filesOf).map(({ ino }) => ino));
  const roots = [layout.tree(digest), layout.retainedTree(digest)].map((root) => Buffer.from(root).toString("latin1"));
  const altered = filesOf(digest).find(({ path, ino, size, mode, mtime }) => {
    if (!shared.has(ino)) return false;
    const stat = roots
      .map((root) => fs.lstatSync(Buffer.from(join(root, path), "latin1"), { throwIfNoEntry: false }))
      .find((found) => found?.ino === ino);
    if (stat === undefined) return false;
    const sameMode = (stat.mode & MODE_BITS) === (mode & MODE_BITS);
    return stat.size !== size || !sameMode || !isSameTime(stat.mtimeMs, clampTime(mtime));
  });
  return altered?.path;
}

const files = (inventory: Inventory | undefined): RecordedEntry[] =>
  (inventory?.layers ?? []).flatMap(({ entries }) => entries.filter(({ path }) => path !== ""));
