import { lstatSync, type Stats } from "node:fs";
import { errnoOf } from "./faults.ts";
import type { FileRecord } from "./file-record.ts";
import type { ImageState } from "./image-state.ts";
import type { Inventory, RecordedEntry } from "./inventory.ts";
import { dressFile, isUnchanged } from "./looks.ts";
import { join, parentOf, rawPath, type RawPath } from "./names.ts";

/** How files come from one tree into another. `links`: clones where the file system can, else hard links; `clones`: clones or nothing. */
export type Sharing = "links" | "clones";

/** Why a file system may be unable to clone. */
const NO_CLONES = ["ENOTSUP", "EOPNOTSUPP", "EXDEV", "EINVAL", "ENOSYS", "ENOTTY", "EPERM"];
const NO_LINKS = ["EMLINK", "EXDEV", "EPERM", "ENOTSUP", "EACCES"];

/**
 * A tree on disk whose app may have run in it and may be running now. Gives only files that are proven to be what their layer made
 * them (the same inode, size, mode, owner and time: a write sets the time), and gives them so that no write of one app
 * reaches the other's tree, as far as that can be known:
 * a clone shares nothing that can be written; a hard link does, so what the app might write in place is copied instead:
 * every file of a directory in which it has created, removed or renamed anything, and of what the image declares as volumes.
 */
export class Donor {
  readonly #root: string;
  readonly #inventory: Inventory;
  readonly #image: ImageState;
  readonly #volumes: readonly string[];
  readonly #sharing: Sharing;
  readonly #quiet = new Map<string, boolean>();
  #clones = true;

  /** `volumes`: paths below which nothing is linked. */
  constructor(root: string, inventory: Inventory, image: ImageState, volumes: readonly string[], sharing: Sharing) {
    this.#root = Buffer.from(root).toString("latin1");
    this.#inventory = inventory;
    this.#image = image;
    this.#volumes = volumes;
    this.#sharing = sharing;
  }

  /** Puts the file of an entry at `path` of the new tree. Answers its inode; undefined when the file cannot be had. */
  give(entry: RecordedEntry, path: string): number | undefined {
    if (entry.path === "") return undefined;
    const source = this.#fullPath(entry.path);
    const stat = look(source);
    if (stat === undefined || !isUnchanged(stat, entry, this.#image.ownership)) return undefined;
    if (this.#clones && this.#clone(rawPath(source), path)) return this.#dressed(entry, path);
    if (this.#sharing === "clones") return undefined;
    if (this.#isQuiet(parentOf(entry.path)) && this.#link(source, path, entry.ino)) return entry.ino;
    this.#image.tree.copy(rawPath(source), path, "copy");
    return this.#dressed(entry, path);
  }

  /** Has the same done beside us, when it comes to a link; it may be `refused` later on. False: `give` has to do it. */
  hand(entry: RecordedEntry, path: string, refused: (record: FileRecord) => void): boolean {
    if (entry.path === "" || this.#clones || this.#sharing === "clones") return false;
    if (!this.#isQuiet(parentOf(entry.path))) return false;
    return this.#image.files.link(this.#fullPath(entry.path), path, entry, refused);
  }

  #fullPath(path: string): string {
    return join(this.#root, path);
  }

  /** True when the app has created, removed and renamed nothing in the directory, and it is no declared volume. */
  #isQuiet(directory: string): boolean {
    const known = this.#quiet.get(directory);
    if (known !== undefined) return known;
    const published = this.#inventory.directories.get(directory);
    const now = look(this.#fullPath(directory))?.mtimeMs;
    const declared = this.#volumes.some((volume) => `${directory}/`.startsWith(`${volume}/`));
    const quiet = !declared && now !== undefined && published !== undefined && now === published;
    this.#quiet.set(directory, quiet);
    return quiet;
  }

  #clone(source: RawPath, path: string): boolean {
    try {
      this.#image.tree.copy(source, path, "clone");
      return true;
    } catch (error) {
      if (!NO_CLONES.includes(errnoOf(error))) throw error;
      this.#clones = false;
      return false;
    }
  }

  #link(source: string, path: string, ino: number): boolean {
    try {
      this.#image.tree.adopt(source, path, ino);
      return true;
    } catch (error) {
      if (!NO_LINKS.includes(errnoOf(error))) throw error;
      return false;
    }
  }

  /** Gives a copy the looks of its entry. Answers its inode. */
  #dressed(entry: RecordedEntry, path: string): number {
    const raw = this.#image.tree.pathOf(path);
    dressFile(raw, entry, this.#image.ownership);
    return lstatSync(raw).ino;
  }
}

/** The facts of what is at a path; undefined for nothing, and for a path that leads nowhere any more. */
function look(path: string): Stats | undefined {
  try {
    return lstatSync(rawPath(path), { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
