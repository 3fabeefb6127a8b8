import {
  constants,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { errnoOf, LayerFault } from "./faults.ts";
import { DirectoryMetadata } from "./metadata.ts";
import { join, rawPath, type RawPath } from "./names.ts";

export type Kind = "missing" | "directory" | "symlink" | "file";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY, COPYFILE_EXCL, COPYFILE_FICLONE_FORCE } = constants;
/** Linux, limits.h: bytes of a path without its NUL. */
const PATH_MAX = 4095;
/** Why a volume may refuse a hard link that it could hold. */
const LINK_REFUSALS = ["EMLINK", "EXDEV", "EPERM", "ENOTSUP"];

/**
 * The tree that is built. Paths are relative to the root, latin1, without links in any but the last component (a Resolver
 * makes them so); no call follows a link in the last one. What stands in the way of a new file is removed, never opened,
 * so that other names of the same file keep their content (rule A7).
 */
export class Rootfs {
  /** What directories will look like in the end. */
  readonly directories = new DirectoryMetadata();
  readonly #root: string;
  readonly #forget: (path: string) => void;
  /** Inode -> a file that another tree shares, and its names in this one. */
  readonly #adopted = new Map<number, { readonly source: RawPath; readonly names: string[] }>();
  #removals = 0;
  #replacements = 0;

  /** `forget` is called for every file and link that is removed. */
  constructor(root: string, forget: (path: string) => void = () => undefined) {
    this.#root = Buffer.from(root).toString("latin1");
    this.#forget = forget;
  }

  /** Grows whenever a directory or a link is removed: resolved paths are void then. */
  get removals(): number {
    return this.#removals;
  }

  /** Grows whenever something had to make way. */
  get replacements(): number {
    return this.#replacements;
  }

  /** The path for a system call. */
  pathOf(path: string): RawPath {
    const full = join(this.#root, path);
    if (full.length > PATH_MAX) {
      throw new LayerFault("LAYER_LIMIT", "A2", `the path has ${full.length} bytes, at most ${PATH_MAX} work`);
    }
    return rawPath(full);
  }

  kind(path: string): Kind {
    const stats = lstatSync(this.pathOf(path), { throwIfNoEntry: false });
    if (stats === undefined) return "missing";
    if (stats.isDirectory()) return "directory";
    return stats.isSymbolicLink() ? "symlink" : "file";
  }

  /** Names in a directory; `true` for a real directory. */
  children(path: string): [name: string, directory: boolean][] {
    const found = readdirSync(this.pathOf(path), { withFileTypes: true, encoding: "buffer" });
    return found.map((child) => [child.name.toString("latin1"), child.isDirectory()]);
  }

  target(path: string): string {
    return readlinkSync(this.pathOf(path), { encoding: "buffer" }).toString("latin1");
  }

  /** Removes whatever is there, with everything below. */
  remove(path: string): void {
    const kind = this.kind(path);
    if (kind === "missing") return;
    if (kind !== "file") this.#removals += 1;
    this.#erase(path, kind === "directory");
  }

  #erase(path: string, directory: boolean): void {
    if (!directory) {
      unlinkSync(this.pathOf(path));
      this.#forget(path);
      return;
    }
    for (const [name, isDirectory] of this.children(path)) this.#erase(join(path, name), isDirectory);
    rmdirSync(this.pathOf(path));
    this.directories.forget(path);
  }

  /** Makes sure of a real directory. True when it is new. */
  directory(path: string): boolean {
    try {
      mkdirSync(this.pathOf(path), 0o700);
      return true;
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
      if (this.kind(path) === "directory") return false;
    }
    this.#replacements += 1;
    this.remove(path);
    mkdirSync(this.pathOf(path), 0o700);
    return true;
  }

  /** A new, empty file, open for writing, with these bits as far as the umask lets them be. The caller closes it. */
  file(path: string, mode: number): number {
    const flags = O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY;
    return this.#place(path, () => openSync(this.pathOf(path), flags, mode));
  }

  symlink(target: string, path: string): void {
    this.#place(path, () => symlinkSync(rawPath(target), this.pathOf(path)));
  }

  /** One more name for a file or a link. False when the volume refused and it became a copy. */
  link(existing: string, path: string): boolean {
    try {
      this.#place(path, () => linkSync(this.pathOf(existing), this.pathOf(path)));
      if (this.#adopted.size > 0) this.#adopted.get(lstatSync(this.pathOf(path)).ino)?.names.push(path);
      return true;
    } catch (error) {
      if (!LINK_REFUSALS.includes(errnoOf(error))) throw error;
    }
    if (this.kind(existing) === "symlink") this.symlink(this.target(existing), path);
    else this.copy(this.pathOf(existing), path, "copy");
    return false;
  }

  /** Files that another tree has too. */
  get adopted(): number {
    return this.#adopted.size;
  }

  /** One more name, in this tree, for the file `ino` of another tree. */
  adopt(source: RawPath, path: string, ino: number): void {
    this.#place(path, () => linkSync(source, this.pathOf(path)));
    const known = this.#adopted.get(ino);
    if (known === undefined) this.#adopted.set(ino, { source, names: [path] });
    else known.names.push(path);
  }

  /**
   * Gives a file that another tree shares an inode of its own, under all its names: to be called before its looks change. Answers
   * the names that were made again.
   */
  unshare(path: string): readonly string[] {
    const { ino } = lstatSync(this.pathOf(path));
    const shared = this.#adopted.get(ino);
    if (shared === undefined) return [];
    this.#adopted.delete(ino);
    const alive = shared.names.filter((name) => lstatSync(this.pathOf(name), { throwIfNoEntry: false })?.ino === ino);
    const [first, ...others] = new Set([...alive, path]);
    if (first === undefined) return [];
    this.copy(shared.source, first, "copy");
    for (const name of others) this.#place(name, () => linkSync(this.pathOf(first), this.pathOf(name)));
    return [first, ...others];
  }

  /** A copy of a file of any tree; `clone`: shares its blocks until one of both is written, or fails. */
  copy(source: RawPath, path: string, how: "clone" | "copy"): void {
    const flags = COPYFILE_EXCL | (how === "clone" ? COPYFILE_FICLONE_FORCE : 0);
    this.#place(path, () => copyFileSync(source, this.pathOf(path), flags));
  }

  #place<T>(path: string, create: () => T): T {
    try {
      return create();
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
    }
    this.#replacements += 1;
    this.remove(path);
    return create();
  }
}
