import type { EntryKind, Format, LayerEntry } from "./entries.ts";
import { type Random, randomFrom } from "../../../support/random.ts";
import { below, join, parentOf, Seen } from "./seen.ts";

/** Layers of one random image, lowest first. */
export type Stack = readonly (readonly LayerEntry[])[];

/** What a stack is made of beyond files, directories, links and whiteouts that every runtime agrees on. */
export interface Profile {
  /** Things that runtimes are known to do differently: see the tables of differences. */
  readonly odd: boolean;
  /** Whiteouts of what the same layer has, parents that are links or have no entry, names spelled by a detour. */
  readonly loose: boolean;
}

export const EVERYTHING: Profile = { odd: true, loose: true };
export const PLAIN: Profile = { odd: false, loose: false };

const NAMES = ["a", "b", "c", "d", "etc", "lib", "x y", "caf\xe9", "\xff\xfe", "line\nend", "n".repeat(120)] as const;
const FORMATS: readonly [Format, ...Format[]] = ["v7", "ustar", "gnu", "pax"];
const FILE_MODES = [0o644, 0o600, 0o755, 0o4755, 0o2755, 0o6711, 0o1644, 0o444, 0o000, 0o666] as const;
const DIRECTORY_MODES = [0o755, 0o700, 0o1777, 0o2775, 0o555, 0o000, 0o777] as const;
const IDS = [0, 0, 0, 1, 1000, 65_534, 3_000_000, 4_294_967_294] as const;
const SIZES = [0, 1, 5, 511, 512, 513, 1024, 3000] as const;
const LONGEST_PATH = 1000;
const MANY_TRIES = 50;

/** Where something is to go: as it is written, and where that is without links. */
interface Place {
  readonly written: string;
  readonly real: string;
}

class LayerMaker {
  readonly #random: Random;
  readonly #profile: Profile;
  readonly #seen: Seen;
  readonly #bottom: boolean;
  readonly #own = new Set<string>();
  readonly entries: LayerEntry[] = [];

  constructor(random: Random, profile: Profile, seen: Seen, bottom: boolean) {
    this.#random = random;
    this.#profile = profile;
    this.#seen = seen;
    this.#bottom = bottom;
  }

  /** Adds one entry, or none when what it needs is not there. */
  step(): void {
    const choice = this.#random.below(20);
    if (choice < 7) this.#add("file", this.#place());
    else if (choice < 11) this.#add("directory", this.#place());
    else if (choice < 14) this.#symlink();
    else if (choice < 16) this.#hardLink();
    else if (choice < 18) this.#whiteout();
    else if (choice < 19) this.#opaque();
    else this.#rare();
  }

  #oneOf(paths: readonly string[]): string | undefined {
    return paths[this.#random.below(Math.max(1, paths.length))];
  }

  #directory(): string {
    return this.#oneOf(["", ...this.#seen.all("directory")]) ?? "";
  }

  /** A directory to put something into: mostly one that is there, now and then a link to one, or one that is missing. */
  #parent(): Place {
    const { once, pick } = this.#random;
    if (this.#profile.loose && once(6)) {
      const link = this.#oneOf(this.#seen.all("symlink"));
      const real = link === undefined ? undefined : this.#seen.behind(link);
      if (link !== undefined && real !== undefined) return { written: link, real };
    }
    const parent = this.#directory();
    const missing = join(parent, pick(NAMES));
    const path = this.#profile.loose && once(8) && !this.#seen.has(missing) ? missing : parent;
    return { written: path, real: path };
  }

  #place(): Place {
    for (let tries = 0; ; tries += 1) {
      const { written, real } = this.#parent();
      // All names of a directory may be taken.
      const name = `${this.#random.pick(NAMES)}${tries < MANY_TRIES ? "" : tries}`;
      const path = join(real, name);
      const fits = path.length < LONGEST_PATH && written.length < LONGEST_PATH;
      if (fits && (this.#profile.odd || !this.#own.has(path))) return { written: join(written, name), real: path };
    }
  }

  /** The many ways to spell a name. */
  #spelled(path: string, kind: EntryKind): string {
    const { below: number } = this.#random;
    const spelled = [path, path, `./${path}`, `/${path}`, `zz/../${path}`, `../${path}`, path.replace("/", "//./")];
    const name = spelled[this.#profile.loose ? number(spelled.length) : 0] ?? path;
    return kind === "directory" && number(2) === 0 ? `${name}/` : name;
  }

  #time(): string {
    const { below: number, once } = this.#random;
    const whole = String(number(1_500_000_000));
    if (this.#profile.odd && once(60)) return `-${whole}`;
    return once(4) ? `${whole}.${String(number(1_000_000)).padStart(6, "0")}` : whole;
  }

  #add(kind: EntryKind, { written, real }: Place, more: Partial<LayerEntry> = {}): void {
    const { pick, below: number } = this.#random;
    const made: LayerEntry = {
      kind,
      name: this.#spelled(written, kind),
      format: pick(FORMATS),
      mode: pick<number>(kind === "directory" ? DIRECTORY_MODES : FILE_MODES),
      uid: pick<number>(IDS),
      gid: pick<number>(IDS),
      mtime: this.#time(),
      content: String.fromCharCode(33 + number(90)).repeat(pick<number>(SIZES)),
      target: "",
      ...more,
    };
    this.entries.push(made);
    if (real === "") return;
    this.#seen.put(real, made);
    for (let up = real; up !== ""; up = parentOf(up)) this.#own.add(up);
  }

  #symlink(): void {
    const { below: number, pick, once } = this.#random;
    const place = this.#place();
    const directory = this.#directory();
    const up = "../".repeat(place.real.split("/").length - 1);
    const useful = [`${up}${directory}` || ".", `/${directory}`, `../../../../../../../../${directory}`];
    const useless = [pick(NAMES), "t".repeat(150), `${up}none/such`];
    const leads = !once(3);
    this.#add("symlink", place, { target: (leads ? useful : useless)[number(3)] ?? "." });
    if (leads && !below(directory, place.real)) this.#seen.lead(place.real, directory);
  }

  /** Mostly with the header of the file it is to, as those who write archives do. */
  #hardLink(): void {
    const { once, below: number } = this.#random;
    const target = this.#oneOf([...this.#seen.all("file"), ...(once(6) ? this.#seen.all("symlink") : [])]);
    const place = this.#place();
    const header = this.#seen.header(target ?? "");
    if (target === undefined || header === undefined || below(target, place.real) || target === place.real) return;
    const spelled = [target, `/${target}`, `./${target}`, `../${target}`];
    const name = spelled[this.#profile.loose ? number(4) : 0] ?? target;
    const { mode, uid, gid, mtime } = header;
    const facts = this.#profile.odd && once(6) ? {} : { mode, uid, gid, mtime };
    this.#add("hardlink", place, { target: name, ...facts });
    this.#seen.put(place.real, header);
  }

  #whiteout(): void {
    const lower = this.#seen.all().filter((path) => this.#profile.loose || !this.#own.has(path));
    const hidden = this.#oneOf(lower);
    if (this.#bottom || hidden === undefined) return;
    this.#mark(join(parentOf(hidden), `.wh.${hidden.slice(hidden.lastIndexOf("/") + 1)}`));
    if (!this.#own.has(hidden)) this.#seen.forget(hidden);
  }

  #opaque(): void {
    const { loose } = this.#profile;
    const directories = this.#seen.all("directory").filter((path) => loose || this.#own.has(path));
    const directory = this.#oneOf(directories);
    if (this.#bottom || directory === undefined) return;
    if (!loose && [...this.#own].some((path) => below(path, directory))) return;
    const cleared = loose && this.#random.once(10) ? "" : directory;
    this.#mark(join(cleared, ".wh..wh..opq"));
    for (const path of this.#seen.all()) if (below(path, cleared) && !this.#own.has(path)) this.#seen.forget(path);
  }

  #mark(name: string): void {
    const facts = { mode: 0o600, uid: 0, gid: 0, mtime: "0", content: "", target: "" };
    this.entries.push({ kind: "file", name, format: this.#random.pick(FORMATS), ...facts });
  }

  #rare(): void {
    const { once, pick } = this.#random;
    if (this.#profile.loose && once(2)) return this.#add("directory", { written: ".", real: "" });
    if (!this.#profile.odd) return;
    const choice = this.#random.below(12);
    if (choice < 4) this.#add(pick<EntryKind>(["fifo", "device"]), this.#place());
    else if (choice < 7) this.#mark(join(this.#directory(), ".wh..wh.aufs"));
    else if (choice < 8) this.#add("file", this.#below(this.#oneOf(this.#seen.all("file"))));
    else this.#again();
  }

  /** Something below a file. */
  #below(path: string | undefined): Place {
    const place = join(path ?? "", "below");
    return { written: place, real: place };
  }

  /** A path of this layer once more, as something else. */
  #again(): void {
    const path = this.#oneOf([...this.#own]);
    if (path === undefined) return;
    this.#add(this.#random.pick<EntryKind>(["file", "directory"]), { written: path, real: path });
  }
}

/** The stack of a seed: one to four layers of some entries each. */
export function randomStack(seed: number, profile: Profile): Stack {
  const random = randomFrom(seed);
  const seen = new Seen();
  return Array.from({ length: 1 + random.below(4) }, (_, index) => {
    const maker = new LayerMaker(random, profile, seen, index === 0);
    for (let steps = 4 + random.below(index === 0 ? 16 : 10); steps > 0; steps -= 1) maker.step();
    return maker.entries;
  });
}
