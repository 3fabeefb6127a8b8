import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Everything that two trees are compared by, of one path. */
export interface Facts {
  readonly type: string;
  readonly mode: string;
  readonly owner: string;
  /** Nanoseconds, or `now` for what got its time while the test ran: no header has such a time. */
  readonly mtime: string;
  readonly size: string;
  readonly content: string;
  readonly target: string;
  readonly links: string;
  /** The first path of the tree with the same inode. */
  readonly same: string;
}

export type Tree = ReadonlyMap<string, Facts>;

export interface Difference {
  readonly path: string;
  /** A fact, or `presence` when only one tree has the path. */
  readonly field: keyof Facts | "presence";
  readonly ours: string;
  readonly theirs: string;
}

const S_IFMT = 0o170000n;
const TYPES = new Map<bigint, string>([
  [0o040000n, "directory"],
  [0o100000n, "file"],
  [0o120000n, "symlink"],
  [0o010000n, "fifo"],
  [0o020000n, "device"],
  [0o060000n, "device"],
]);

/** No generated time is later than this, in seconds. */
const RECENT = 1_600_000_000n;
const NS = 1_000_000_000n;

/** A tree as it is on disk; the root is the empty path. Names are latin1. `content` makes something comparable of a file. */
export function treeOf(root: string, content: (path: Buffer) => string = (path) => readFileSync(path, "latin1")): Tree {
  const found = new Map<string, Facts>();
  const inodes = new Map<bigint, string>();
  const visit = (bytes: Buffer, path: string): void => {
    const { mode, uid, gid, mtimeNs, size, nlink, ino } = lstatSync(bytes, { bigint: true });
    const type = TYPES.get(mode & S_IFMT) ?? "other";
    const same = inodes.get(ino) ?? path;
    inodes.set(ino, same);
    found.set(path, {
      type,
      mode: type === "symlink" ? "" : (mode & 0o7777n).toString(8),
      owner: `${uid}:${gid}`,
      mtime: mtimeNs > RECENT * NS ? "now" : String(mtimeNs),
      size: type === "directory" ? "" : String(size),
      content: type === "file" && same === path ? content(bytes) : "",
      target: type === "symlink" ? readlinkSync(bytes, { encoding: "buffer" }).toString("latin1") : "",
      links: String(nlink),
      same,
    });
    if (type !== "directory") return;
    const names = readdirSync(bytes, { encoding: "buffer" }).sort((a, b) => a.compare(b));
    for (const name of names) {
      const child = Buffer.concat([bytes, Buffer.from("/"), name]);
      visit(child, path === "" ? name.toString("latin1") : `${path}/${name.toString("latin1")}`);
    }
  };
  visit(Buffer.from(root), "");
  return found;
}

const shownFact = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}... (${text.length})` : text);

/** Where two trees differ. */
export function compare(ours: Tree, theirs: Tree): Difference[] {
  const found: Difference[] = [];
  for (const path of new Set([...ours.keys(), ...theirs.keys()])) {
    const one = ours.get(path);
    const other = theirs.get(path);
    if (one === undefined || other === undefined) {
      found.push({ path, field: "presence", ours: one?.type ?? "missing", theirs: other?.type ?? "missing" });
      continue;
    }
    for (const field of Object.keys(one) as (keyof Facts)[]) {
      if (one[field] === other[field]) continue;
      found.push({ path, field, ours: shownFact(one[field]), theirs: shownFact(other[field]) });
    }
  }
  return found;
}
