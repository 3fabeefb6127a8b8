import { lstatSync } from "node:fs";
import { EntryNames } from "./entry-names.ts";
import { LayerFault } from "./faults.ts";
import type { FileRecord } from "./file-record.ts";
import type { ImageState } from "./image-state.ts";
import { dressFile, dressLink, looksLike } from "./looks.ts";
import { clampTime } from "./metadata.ts";
import { cleanName, join } from "./names.ts";
import { Resolver } from "./resolve.ts";
import type { Kind } from "./rootfs.ts";
import { shown } from "./shown.ts";
import type { TarEntry, TarSink } from "./tar-parser.ts";
import { UpperLayer, whiteoutOf } from "./whiteouts.ts";

/** The largest user or group id; the next one means "leave it" to chown(2). */
const LARGEST_ID = 0xffff_fffe;
const LINK_TARGET_BYTES = 4095;

const isId = (id: number): boolean => id >= 0 && id <= LARGEST_ID;

const hostile = (rule: string, text: string): LayerFault => new LayerFault("LAYER_HOSTILE", rule, text);
const corrupt = (rule: string, text: string): LayerFault => new LayerFault("LAYER_CORRUPT", rule, text);

/** Begins the file of the entry at hand at a path of the tree, or puts it there, looks and all. False: the content comes from the layer. */
export type FileProvider = (path: string) => boolean;

/** Turns the entries of one layer into files (rules A1 to A35). `close` is due whatever happens. */
export class EntryWriter implements TarSink {
  readonly #image: ImageState;
  readonly #upper: UpperLayer;
  readonly #resolver: Resolver;
  readonly #names: EntryNames;
  readonly #provide: FileProvider;
  #entry: TarEntry | undefined;

  /** `bottom`: the first layer of the image. `provide`: asked first whether it has the file of an entry. */
  constructor(image: ImageState, bottom: boolean, provide: FileProvider = () => false) {
    this.#image = image;
    this.#names = new EntryNames(image.budget.limits);
    this.#provide = provide;
    this.#upper = new UpperLayer(image.tree, image.impliedFacts, bottom);
    this.#resolver = new Resolver(image.tree, image.budget.limits, {
      implied: (path, replaced) => {
        if (replaced) image.warnings.add("parentReplaced", path);
        image.tree.directories.set(path, image.impliedFacts);
        this.#upper.implied(path);
      },
    });
  }

  /** The name of the entry at hand, as the archive has it. */
  get current(): string | undefined {
    return this.#entry?.name;
  }

  global(): void {
    this.#image.warnings.add("globalPax", "");
  }

  entry(entry: TarEntry): void {
    const { budget, warnings, recorder } = this.#image;
    this.#entry = entry;
    budget.entry(entry.size);
    recorder?.entry(entry);
    const { parent, last, clamped, indirect } = this.#names.clean(entry.name);
    if (clamped) warnings.add("clamped", entry.name);
    if (last === undefined) return this.#root(entry, indirect);
    if (this.#whiteout(parent, last)) return;
    this.#checkIds(entry);
    this.#warnOfAttributes(entry, parent.length === 0 && last === "entrypoint");
    this.#make(entry, parent, last);
  }

  data(piece: Buffer): void {
    if (this.#image.files.data(piece)) this.#image.budget.content(piece.length);
  }

  end(): void {
    this.#image.files.end();
    this.#entry = undefined;
  }

  close(): void {
    this.#image.files.drop();
  }

  #make(entry: TarEntry, parent: readonly string[], last: string): void {
    switch (entry.type) {
      case "0":
        return this.#add(parent, last, entry, (path) => this.#file(path, entry));
      case "1":
        return this.#hardLink(entry, parent, last);
      case "2":
        return this.#symlink(entry, parent, last);
      case "3":
      case "4":
      case "6":
        return this.#special(entry, parent, last);
      case "5":
        return this.#directory(entry, parent, last);
      default:
        throw new LayerFault(
          "LAYER_UNSUPPORTED",
          "A27",
          `the type "${entry.type}" is none of file, directory and link`,
        );
    }
  }

  /** Entries that name the root (rule A6): a directory gives it its looks, anything else in its place is an attack or nothing. */
  #root(entry: TarEntry, indirect: boolean): void {
    if (entry.type === "5") {
      this.#checkIds(entry);
      this.#image.tree.directories.set("", directoryFacts(entry));
    } else if (indirect) this.#image.warnings.add("rootIgnored", entry.name);
    else throw hostile("A6", `the root is to become something else than a directory`);
  }

  /** True when the name was a whiteout, whatever the type of its entry (rule A14). */
  #whiteout(parent: readonly string[], last: string): boolean {
    const whiteout = whiteoutOf(last);
    if (whiteout.kind === "none") return false;
    if (whiteout.kind === "invalid") throw hostile("A13", "the whiteout names no file");
    if (whiteout.kind === "ignored") return true;
    const directory = this.#resolver.find(parent);
    if (directory === undefined) return true;
    if (whiteout.kind === "hide") this.#upper.hide(join(directory, whiteout.name));
    else this.#upper.clear(directory);
    return true;
  }

  /** Puts something at its place, records it and counts what it replaced. */
  #add(parent: readonly string[], last: string, entry: TarEntry, create: (path: string) => boolean | void): void {
    const { tree, warnings } = this.#image;
    const path = join(this.#resolver.make(parent), last);
    const before = tree.replacements;
    const newDirectory = create(path) === true;
    if (tree.replacements > before && this.#upper.has(path)) warnings.add("duplicate", entry.name);
    this.#upper.add(path, newDirectory);
  }

  #file(path: string, entry: TarEntry): void {
    if (!this.#provide(path)) this.#image.files.begin(path, entry);
  }

  #directory(entry: TarEntry, parent: readonly string[], last: string): void {
    const { tree } = this.#image;
    this.#add(parent, last, entry, (path) => {
      const isNew = tree.directory(path);
      tree.directories.set(path, directoryFacts(entry));
      return isNew;
    });
  }

  #symlink(entry: TarEntry, parent: readonly string[], last: string): void {
    const { tree, ownership, census } = this.#image;
    const target = entry.linkname;
    if (target === "") throw corrupt("A24", "the symbolic link has no target");
    if (target.length > LINK_TARGET_BYTES) {
      throw new LayerFault("LAYER_LIMIT", "A24", `the target has more than ${LINK_TARGET_BYTES} bytes`);
    }
    this.#add(parent, last, entry, (path) => {
      tree.symlink(target, path);
      census?.link(path, target);
      dressLink(tree.pathOf(path), entry, ownership);
    });
  }

  /** The file takes the looks of the header (rule A23), unless it is a link: then nothing may be changed through it. */
  #hardLink(entry: TarEntry, parent: readonly string[], last: string): void {
    const { tree, ownership, warnings, holes, census } = this.#image;
    this.#add(parent, last, entry, (path) => {
      const { existing, kind } = this.#linkTarget(entry.linkname);
      if (existing === path || existing.startsWith(`${path}/`)) {
        throw hostile("A22", "the hard link is to itself or to something below it");
      }
      const copy = tree.link(existing, path) ? undefined : this.#copyAt(path, entry.mode);
      census?.alias(existing, path, copy);
      if (copy !== undefined) warnings.add("linkCopied", entry.name);
      if (kind === "symlink") return;
      if (copy === undefined) holes.linked(existing, path);
      else holes.copied(existing, path, copy);
      const raw = tree.pathOf(path);
      if (looksLike(lstatSync(raw), entry, ownership)) return;
      const remake = (): readonly string[] => tree.unshare(path);
      if (census === undefined) remake();
      else census.mode(path, entry.mode, remake);
      dressFile(raw, entry, ownership);
    });
  }

  #copyAt(path: string, mode: number): FileRecord {
    const { ino } = lstatSync(this.#image.tree.pathOf(path));
    return { path, mode, ino, sha256: "" };
  }

  /** What a hard link is to: resolved in the tree, the last component not followed (rule A22). */
  #linkTarget(linkname: string): { existing: string; kind: Kind } {
    const { parts } = cleanName(linkname, this.#image.budget.limits);
    const parent = this.#resolver.find(parts.slice(0, -1));
    const existing = parent === undefined ? undefined : join(parent, parts.at(-1) ?? "");
    const kind = existing === undefined ? "missing" : this.#image.tree.kind(existing);
    if (existing === undefined || kind === "missing") {
      throw corrupt("A22", `the target of the hard link, "${shown(linkname)}", is missing`);
    }
    if (kind === "directory") throw hostile("A22", `the hard link is to a directory, "${shown(linkname)}"`);
    return { existing, kind };
  }

  /** Node has no mknod: what a lower layer has there goes, nothing comes (rule A26). */
  #special(entry: TarEntry, parent: readonly string[], last: string): void {
    const directory = this.#resolver.find(parent);
    if (directory !== undefined) this.#image.tree.remove(join(directory, last));
    this.#image.warnings.add("special", entry.name);
  }

  #checkIds({ uid, gid }: TarEntry): void {
    const wrong = isId(uid) ? gid : uid;
    if (!isId(wrong)) throw corrupt("A32", `the owner ${wrong} is not from 0 to ${LARGEST_ID}`);
  }

  #warnOfAttributes({ name, xattrs }: TarEntry, isEntrypoint: boolean): void {
    if (xattrs.length === 0) return;
    this.#image.warnings.add("xattr", name);
    if (isEntrypoint && xattrs.includes("security.capability")) this.#image.warnings.add("capability", name);
  }
}

const directoryFacts = ({ mode, uid, gid, mtime }: TarEntry) => ({ mode, uid, gid, mtime: clampTime(mtime) });
