/**
 * What a volume holds, as inodes and the operations that made them. The model of durability, stricter than ext4, xfs or
 * btrfs in their default modes: every operation reaches the disk alone or not at all, in any order, until a sync of
 * the file (its content) or of the directory (its names) forces it. A rename is one operation; a write may be torn.
 */
export type Ino = number;

export type Node =
  | { readonly kind: "directory"; readonly mode: number; readonly entries: ReadonlyMap<string, Ino> }
  | { readonly kind: "file"; readonly mode: number; readonly data: Buffer }
  | { readonly kind: "link"; readonly target: string };

export type Op =
  | { readonly op: "create"; readonly dir: Ino; readonly name: string; readonly ino: Ino; readonly node: Node }
  | { readonly op: "link"; readonly dir: Ino; readonly name: string; readonly ino: Ino }
  | { readonly op: "unlink"; readonly dir: Ino; readonly name: string }
  | {
      readonly op: "rename";
      readonly dir: Ino;
      readonly name: string;
      readonly toDir: Ino;
      readonly toName: string;
      readonly ino: Ino;
    }
  | { readonly op: "write"; readonly ino: Ino; readonly at: number; readonly bytes: Buffer }
  | { readonly op: "truncate"; readonly ino: Ino; readonly size: number }
  | { readonly op: "chmod"; readonly ino: Ino; readonly mode: number };

/** One line of the log: an operation, or a sync of one inode. */
export type Entry = Op | { readonly op: "sync"; readonly ino: Ino };

export interface Disk {
  readonly nodes: Map<Ino, Node>;
  next: Ino;
}

export const ROOT: Ino = 1;

export function emptyDisk(): Disk {
  return { nodes: new Map([[ROOT, { kind: "directory", mode: 0o755, entries: new Map() }]]), next: 2 };
}

export function copyDisk({ nodes, next }: Disk): Disk {
  return { nodes: new Map(nodes), next };
}

/** Changes a directory; a node never changes, so that disks can share it. */
function enter({ nodes }: Disk, dir: Ino, change: (entries: Map<string, Ino>) => void): void {
  const node = nodes.get(dir);
  if (node?.kind !== "directory") return;
  const entries = new Map(node.entries);
  change(entries);
  nodes.set(dir, { ...node, entries });
}

function entriesOf({ nodes }: Disk, dir: Ino): ReadonlyMap<string, Ino> | undefined {
  const node = nodes.get(dir);
  return node?.kind === "directory" ? node.entries : undefined;
}

/** Brings one operation to the disk. What it acts on may never have reached it: then it changes nothing. */
export function apply(disk: Disk, entry: Op): void {
  const { nodes } = disk;
  switch (entry.op) {
    case "create":
      nodes.set(entry.ino, entry.node);
      enter(disk, entry.dir, (entries) => entries.set(entry.name, entry.ino));
      return;
    case "link":
      if (nodes.has(entry.ino)) enter(disk, entry.dir, (entries) => entries.set(entry.name, entry.ino));
      return;
    case "unlink":
      enter(disk, entry.dir, (entries) => entries.delete(entry.name));
      return;
    case "rename":
      enter(disk, entry.dir, (entries) => entries.delete(entry.name));
      if (nodes.has(entry.ino)) enter(disk, entry.toDir, (entries) => entries.set(entry.toName, entry.ino));
      return;
    default:
      changeFile(nodes, entry);
  }
}

function changeFile(nodes: Map<Ino, Node>, entry: Extract<Op, { op: "write" | "truncate" | "chmod" }>): void {
  const node = nodes.get(entry.ino);
  if (node?.kind !== "file") return;
  if (entry.op === "chmod") return void nodes.set(entry.ino, { ...node, mode: entry.mode });
  const size = entry.op === "write" ? Math.max(node.data.length, entry.at + entry.bytes.length) : entry.size;
  const data = Buffer.alloc(size);
  node.data.copy(data, 0, 0, size);
  if (entry.op === "write") entry.bytes.copy(data, entry.at);
  nodes.set(entry.ino, { ...node, data });
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const TIME = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;

/** A name without what is random in it; what has no dash has no UUID. */
export const shownName = (name: string): string => (name.includes("-") ? name.replace(UUID, "*") : name);

/** What is in a file, without times. */
export const shownText = ({ data }: Extract<Node, { kind: "file" }>): string =>
  data.toString("latin1").replace(TIME, "*");

/** All that there is of a file or link but times. */
export const exactText = (node: Exclude<Node, { kind: "directory" }>): string =>
  node.kind === "link" ? `-> ${node.target}` : `${node.mode} ${shownText(node)}`;

/** Everything below a directory as text; random names and times are shown as equal. */
export function describeDisk(disk: Disk, dir: Ino = ROOT, prefix = ""): string {
  const lines: string[] = [];
  for (const [name, ino] of entriesOf(disk, dir) ?? []) {
    const node = disk.nodes.get(ino);
    const path = `${prefix}/${shownName(name)}`;
    if (node?.kind === "directory") lines.push(`${path}/`, describeDisk(disk, ino, path));
    else if (node !== undefined) lines.push(`${path} ${exactText(node)}`);
  }
  return lines.sort().join("\n");
}

/** What stat(2) says of it. */
export const statOf = (node: Node) => ({
  isDirectory: () => node.kind === "directory",
  isFile: () => node.kind === "file",
  isSymbolicLink: () => node.kind === "link",
  size: node.kind === "file" ? node.data.length : 0,
  mode: node.kind === "link" ? 0o777 : node.mode,
});
