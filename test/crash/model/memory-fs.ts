/** The store's file system in memory: behaves as Linux does, and logs what would have to reach a disk. */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { join } from "node:path";
import type { FileSystem } from "../../../src/store/fs.ts";
import { lineOf } from "../../../src/seal-line.ts";
import { apply, copyDisk, type Disk, type Entry, type Ino, type Node, type Op, ROOT, statOf } from "./disk.ts";
import { fault } from "./errno.ts";
import { createLocks } from "./locks.ts";
import type { Place } from "./place.ts";

export interface MemoryFs extends FileSystem {
  /** What every process sees now. */
  readonly disk: Disk;
  readonly log: readonly Entry[];
  /** Writes a whole file into an existing directory, with its parents: for trees that an unpacker would write. */
  readonly plant: (path: string, content: string, mode?: number) => void;
}

const HOPS = 40;
/** write(2) may write less than it was given; this one likes to. */
const SHORT_WRITE_BYTES = 120;

export function createMemoryFs(start: Disk): MemoryFs {
  const disk = copyDisk(start);
  const log: Entry[] = [];
  const files = new Map<number, { ino: Ino; append: boolean }>();
  const locks = createLocks();
  const splitPaths = new Map<string, readonly string[]>();
  let nextFd = 3;

  const nodeOf = (ino: Ino | undefined): Node | undefined => (ino === undefined ? undefined : disk.nodes.get(ino));
  const perform = (op: Op): void => {
    apply(disk, op);
    log.push(op);
  };
  const partsOf = (path: string): readonly string[] => {
    const parts = splitPaths.get(path) ?? path.split("/").filter((part) => part !== "");
    splitPaths.set(path, parts);
    return parts;
  };
  const childOf = (dir: Ino, name: string, path: string): Ino | undefined => {
    const node = nodeOf(dir);
    if (node?.kind !== "directory") throw fault("ENOTDIR", path);
    return node.entries.get(name);
  };

  /** The directory and last name of a path, links in between followed; with `follow` the last one too. */
  const resolve = (path: string, follow: boolean, hops = 0): Place => {
    if (hops > HOPS) throw fault("ELOOP", path);
    const parts = partsOf(path);
    let dir: Ino = ROOT;
    for (let index = 0; index < parts.length; index += 1) {
      const name = parts[index] ?? "";
      const ino = childOf(dir, name, path);
      const last = index === parts.length - 1;
      const node = nodeOf(ino);
      if (node?.kind === "link" && (!last || follow)) {
        const target = node.target.startsWith("/") ? node.target : join("/", ...parts.slice(0, index), node.target);
        return resolve([target, ...parts.slice(index + 1)].join("/"), follow, hops + 1);
      }
      if (last) return { dir, name, ino, parts };
      if (ino === undefined) throw fault("ENOENT", path);
      dir = ino;
    }
    return { dir: ROOT, name: "", ino: ROOT, parts };
  };
  const find = (path: string, follow = true): { ino: Ino; node: Node; parts: readonly string[] } => {
    const { ino, parts } = resolve(path, follow);
    const node = nodeOf(ino);
    if (ino === undefined || node === undefined) throw fault("ENOENT", path);
    return { ino, node, parts };
  };
  const create = (path: string, node: Node): Ino => {
    const { dir, name, ino: present } = resolve(path, false);
    if (present !== undefined) throw fault("EEXIST", path);
    const ino = disk.next;
    disk.next += 1;
    perform({ op: "create", dir, name, ino, node });
    return ino;
  };
  const openIno = (path: string, flags: string): Ino => {
    if (flags === "wx") return create(path, { kind: "file", mode: 0o600, data: Buffer.alloc(0) });
    const { ino } = resolve(path, true);
    if (ino === undefined && flags.startsWith("a"))
      return create(path, { kind: "file", mode: 0o644, data: Buffer.alloc(0) });
    const { node } = find(path);
    if (node.kind === "directory" && flags !== "r") throw fault("EISDIR", path);
    return find(path).ino;
  };
  const openSync = (path: string, flags: string): number => {
    const fd = nextFd;
    nextFd += 1;
    files.set(fd, { ino: openIno(path, flags), append: flags === "a" });
    return fd;
  };
  const inoOf = (fd: number): Ino => {
    const file = files.get(fd);
    if (file === undefined) throw fault("EBADF", String(fd));
    return file.ino;
  };
  const dataOf = (ino: Ino): Buffer => {
    const node = nodeOf(ino);
    if (node?.kind !== "file") throw fault("EISDIR", String(ino));
    return node.data;
  };
  const writeAt = (ino: Ino, bytes: Buffer, at: number): number => {
    perform({ op: "write", ino, at, bytes });
    return bytes.length;
  };
  const walk = (root: string, visit: (path: string, node: Node, ino: Ino) => void): void => {
    const { node } = find(root, false);
    if (node.kind !== "directory") return;
    for (const [name, ino] of node.entries) {
      const child = nodeOf(ino);
      if (child === undefined) continue;
      visit(`${root}/${name}`, child, ino);
      if (child.kind === "directory") walk(`${root}/${name}`, visit);
    }
  };
  const remove = (path: string): void => {
    const { dir, name } = resolve(path, false);
    perform({ op: "unlink", dir, name });
  };
  const mkdirSync = (path: string, options?: { mode?: number }): void =>
    void create(path, { kind: "directory", mode: options?.mode ?? 0o755, entries: new Map() });

  const real = {
    disk,
    log,
    plant: (path: string, content: string, mode = 0o644): void => {
      const parent = path.slice(0, path.lastIndexOf("/"));
      const parts = parent.split("/").filter((part) => part !== "");
      parts.forEach((_, index) => {
        const directory = `/${parts.slice(0, index + 1).join("/")}`;
        if (resolve(directory, true).ino === undefined) mkdirSync(directory);
      });
      const ino = create(path, { kind: "file", mode, data: Buffer.alloc(0) });
      writeAt(ino, Buffer.from(content), 0);
    },
    openSync,
    closeSync: (fd: number) => {
      locks.drop(fd);
      files.delete(fd);
    },
    writeSync: (fd: number, content: string | Uint8Array, offset = 0): number => {
      const ino = inoOf(fd);
      const rest = Buffer.from(content as Uint8Array).subarray(offset, offset + SHORT_WRITE_BYTES);
      return writeAt(ino, rest, dataOf(ino).length);
    },
    readSync: (fd: number, target: Buffer, offset: number, length: number, position: number | null): number =>
      dataOf(inoOf(fd)).copy(target, offset, position ?? 0, (position ?? 0) + length),
    fsyncSync: (fd: number) => void log.push({ op: "sync", ino: inoOf(fd) }),
    fchmodSync: (fd: number, mode: number) => perform({ op: "chmod", ino: inoOf(fd), mode }),
    ftruncateSync: (fd: number, size = 0) => perform({ op: "truncate", ino: inoOf(fd), size }),
    fstatSync: (fd: number) => statOf(nodeOf(inoOf(fd)) as Node),
    renameSync: (from: string, to: string) => {
      const source = resolve(from, false);
      if (source.ino === undefined) throw fault("ENOENT", from);
      const target = resolve(to, false);
      const [moved, replaced] = [nodeOf(source.ino), nodeOf(target.ino)];
      if (replaced?.kind === "directory" && replaced.entries.size > 0) throw fault("ENOTEMPTY", to);
      if (replaced !== undefined && (moved?.kind === "directory") !== (replaced.kind === "directory"))
        throw fault("ENOTDIR", to);
      const { dir, name, ino } = source;
      perform({ op: "rename", dir, name, toDir: target.dir, toName: target.name, ino });
    },
    symlinkSync: (target: string, path: string) => void create(path, { kind: "link", target }),
    readlinkSync: (path: string) => {
      const { node } = find(path, false);
      if (node.kind !== "link") throw fault("EINVAL", path);
      return node.target;
    },
    realpathSync: (path: string) => `/${find(path).parts.join("/")}`,
    unlinkSync: (path: string) => {
      if (find(path, false).node.kind === "directory") throw fault("EISDIR", path);
      remove(path);
    },
    mkdirSync,
    readdirSync: (path: string) => {
      const { node } = find(path);
      if (node.kind !== "directory") throw fault("ENOTDIR", path);
      return [...node.entries.keys()];
    },
    lstatSync: (path: string, options?: { throwIfNoEntry?: boolean }) => {
      try {
        return statOf(find(path, false).node);
      } catch (error) {
        if (options?.throwIfNoEntry === false && (error as { code: string }).code === "ENOENT") return undefined;
        throw error;
      }
    },
    readFileSync: (path: string, encoding?: string) => {
      const data = dataOf(find(path).ino);
      return encoding === undefined ? data : data.toString("utf8");
    },
    tryWrite: () => {},
    statfsSync: () => ({ bavail: 2 ** 30, blocks: 2 ** 30, bsize: 4096 }),
    accessSync: () => {},
    createReadStream: (path: string) => Readable.from([dataOf(find(path).ino)]),
    open: async (path: string, flags: string) => {
      const ino = openIno(path, flags);
      return {
        // One step for each chunk, so that a crash may fall between any two.
        writev: async (chunks: readonly Uint8Array[]) => ({
          bytesWritten: chunks.reduce((sum, chunk) => sum + writeAt(ino, Buffer.from(chunk), dataOf(ino).length), 0),
        }),
        stat: async () => statOf(nodeOf(ino) as Node),
        truncate: async (size: number) => perform({ op: "truncate", ino, size }),
        sync: async () => void log.push({ op: "sync", ino }),
        close: async () => {},
      };
    },
    flock: (fd: number, mode: "exclusive" | "shared") => locks.take(fd, inoOf(fd), mode),
    removeTree: async (path: string) => {
      if (resolve(path, false).ino === undefined) return;
      const paths: string[] = [path];
      walk(path, (child) => void paths.push(child));
      for (const child of paths.reverse()) remove(child);
    },
    cloneTree: async (from: string, to: string) => {
      mkdirSync(to);
      walk(from, (path, node, ino) => {
        const copy = to + path.slice(from.length);
        if (node.kind === "directory") return mkdirSync(copy, { mode: node.mode });
        const { dir, name } = resolve(copy, false);
        perform({ op: "link", dir, name, ino });
      });
    },
    // The least that any way of syncing does: what is in the tree, and nothing beside it.
    syncTree: async (root: string) => {
      log.push({ op: "sync", ino: find(root).ino });
      walk(root, (_path, _node, ino) => void log.push({ op: "sync", ino }));
    },
    sealOf: async (root: string) => {
      const lines: string[] = [];
      walk(root, (path, node) => {
        const shown = path.slice(root.length + 1);
        if (node.kind === "directory") lines.push(lineOf("d", node.mode.toString(8), shown, ""));
        else if (node.kind === "link") lines.push(lineOf("l", "", shown, node.target));
        else {
          const hash = createHash("sha256").update(node.data).digest("hex");
          lines.push(lineOf("f", node.mode.toString(8), shown, hash));
        }
      });
      return lines.sort();
    },
  };
  return real as unknown as MemoryFs;
}
