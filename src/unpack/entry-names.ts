import type { Limits } from "../limits.ts";
import { cleanName } from "./names.ts";

/** The name of an entry, cleaned (rules A1, A2 and A48). */
export interface EntryName {
  /** The components above the last one: the same array for neighbours in a directory. */
  readonly parent: readonly string[];
  /** Undefined for the root itself. */
  readonly last: string | undefined;
  /** A `..` was stopped at the root. */
  readonly clamped: boolean;
  /** There was a `..`, or nothing at all: the name only happens to mean the root. */
  readonly indirect: boolean;
}

/** Cleans one name after the other. Most are in the directory of the one before: then only the last component is new. */
export class EntryNames {
  readonly #limits: Limits;
  /** What the last plain name had up to its last component, and what that comes to. */
  #prefix: string | undefined;
  #parent: readonly string[] = [];

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Throws a LayerFault for a name beyond the limits. */
  clean(name: string): EntryName {
    const cut = name.lastIndexOf("/") + 1;
    const tail = name.slice(cut);
    if (cut === this.#prefix?.length && name.startsWith(this.#prefix) && this.#isPlain(name, tail))
      return { parent: this.#parent, last: tail, clamped: false, indirect: false };
    const { parts, clamped, indirect } = cleanName(name, this.#limits);
    const last = parts.at(-1);
    const parent = parts.slice(0, -1);
    if (!indirect && last === tail) {
      this.#prefix = name.slice(0, cut);
      this.#parent = parent;
    }
    return { parent, last, clamped, indirect };
  }

  #isPlain(name: string, tail: string): boolean {
    const { pathBytes, nameBytes } = this.#limits;
    return !["", ".", ".."].includes(tail) && name.length <= pathBytes && tail.length <= nameBytes;
  }
}
