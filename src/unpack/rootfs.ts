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
  type Stats,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { Adopted } from "./adopted.ts";
import { errnoOf, LayerFault } from "./faults.ts";
import { lookAt } from "./look-at.ts";
import { DirectoryMetadata } from "./metadata.ts";
import { join, parentOf, rawPath, type RawPath } from "./names.ts";
import { NewNames } from "./new-names.ts";
import { NEW_FILE } from "./orders.ts";
import { NOBODY, type TreeWatcher } from "./tree-watcher.ts";

export type Kind = "missing" | "directory" | "symlink" | "file";

const { COPYFILE_EXCL, COPYFILE_FICLONE_FORCE } = constants;
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
  readonly #watcher: TreeWatcher;
  readonly #adopted = new Adopted();
  readonly #newNames = new NewNames();
  #removals = 0;
  #replacements = 0;

  constructor(root: string, watcher: TreeWatcher = NOBODY) {
    this.#root = Buffer.from(root).toString("latin1");
    this.#watcher = watcher;
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
    return rawPath(this.fullPath(path));
  }

  /** The same path, latin1. */
  fullPath(path: string): string {
    const full = join(this.#root, path);
    if (full.length > PATH_MAX) {
      throw new LayerFault("LAYER_LIMIT", "A2", `the path has ${full.length} bytes, at most ${PATH_MAX} work`);
    }
    return full;
  }

  kind(path: string): Kind {
    this.#watcher.due(path);
    const stats = lookAt(this.pathOf(path));
    if (stats === undefined) return "missing";
    if (stats.isDirectory()) {
      if (!this.directories.has(path)) this.#watcher.foreign(path);
      return "directory";
    }
    return stats.isSymbolicLink() ? "symlink" : "file";
  }

  /** True when nothing is at the path: then somebody else may make it there. */
  claim(path: string): boolean {
    return this.#newNames.add(path) || this.kind(path) === "missing";
  }

  /** Names in a directory; `true` for a real directory. */
  children(path: string): [name: string, directory: boolean][] {
    this.#watcher.due();
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

  /** Removes everything. */
  clear(): void {
    for (const [name] of this.children("")) this.remove(name);
  }

  #erase(path: string, directory: boolean): void {
    if (!directory) {
      unlinkSync(this.pathOf(path));
      this.#watcher.gone(path);
      return;
    }
    for (const [name, isDirectory] of this.children(path)) this.#erase(join(path, name), isDirectory);
    rmdirSync(this.pathOf(path));
    this.#newNames.gone(path);
    this.directories.forget(path);
  }

  /** Makes sure of a real directory. True when it is new. */
  directory(path: string): boolean {
    this.#watcher.due(path);
    try {
      this.#makeDirectory(path);
      return true;
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
      if (this.kind(path) === "directory") return false;
    }
    this.#replacements += 1;
    this.remove(path);
    this.#makeDirectory(path);
    return true;
  }

  #makeDirectory(path: string): void {
    mkdirSync(this.pathOf(path), 0o700);
    this.#newNames.add(path);
    this.#newNames.directory(path);
  }

  /**
   * The facts of what is at a path that was there once, found through directories alone: a volume that folds names may have put a link in the
   * place of one of them. Undefined for nothing.
   */
  factsOf(path: string): Stats | undefined {
    for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1)) {
      if (lookAt(this.pathOf(path.slice(0, end)))?.isDirectory() !== true) return undefined;
    }
    return lookAt(this.pathOf(path));
  }

  /**
   * Looks at every directory, and forgets those that are not at their path, or only behind a link: a volume that folds names may have put
   * something else there. Answers these.
   */
  recount(): readonly string[] {
    const real = new Set<string>([""]);
    const paths = [...this.directories.paths()].sort((a, b) => a.length - b.length);
    for (const path of paths) {
      if (real.has(parentOf(path)) && lookAt(this.pathOf(path))?.isDirectory() === true) real.add(path);
    }
    const lost = paths.filter((path) => !real.has(path));
    for (const path of lost) this.directories.forget(path);
    return lost;
  }

  /** A new, empty file, open for writing, with these bits as far as the umask lets them be. The caller closes it. */
  file(path: string, mode: number): number {
    return this.#place(path, () => openSync(this.pathOf(path), NEW_FILE, mode));
  }

  symlink(target: string, path: string): void {
    this.#place(path, () => symlinkSync(rawPath(target), this.pathOf(path)));
  }

  /** One more name for a file or a link. False when the volume refused and it became a copy. */
  link(existing: string, path: string): boolean {
    this.#watcher.due(existing);
    try {
      this.#place(path, () => linkSync(this.pathOf(existing), this.pathOf(path)));
      if (this.#adopted.size > 0) this.#adopted.named(lstatSync(this.pathOf(path)).ino, path);
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
  adopt(source: string, path: string, ino: number): void {
    this.#place(path, () => linkSync(rawPath(source), this.pathOf(path)));
    this.noteAdopted(source, path, ino);
  }

  /** Somebody else has given a name in this tree to the file `ino` of another tree. */
  noteAdopted(source: string, path: string, ino: number): void {
    this.#adopted.add(ino, source, path);
  }

  /**
   * Gives a file that another tree shares an inode of its own, under all its names: to be called before its looks change. Answers
   * the names that were made again.
   */
  unshare(path: string): readonly string[] {
    const { ino } = lstatSync(this.pathOf(path));
    const shared = this.#adopted.take(ino);
    if (shared === undefined) return [];
    const alive = shared.names.filter((name) => this.factsOf(name)?.ino === ino);
    const [first, ...others] = new Set([...alive, path]);
    if (first === undefined) return [];
    this.copy(rawPath(shared.source), first, "copy");
    for (const name of others) this.#place(name, () => linkSync(this.pathOf(first), this.pathOf(name)));
    return [first, ...others];
  }

  /** A copy of a file of any tree; `clone`: shares its blocks until one of both is written, or fails. */
  copy(source: RawPath, path: string, how: "clone" | "copy"): void {
    const flags = COPYFILE_EXCL | (how === "clone" ? COPYFILE_FICLONE_FORCE : 0);
    this.#place(path, () => copyFileSync(source, this.pathOf(path), flags));
  }

  #place<T>(path: string, create: () => T): T {
    this.#watcher.due(path);
    this.#newNames.add(path);
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
