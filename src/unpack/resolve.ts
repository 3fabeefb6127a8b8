import type { Limits } from "../limits.ts";
import { LayerFault } from "./faults.ts";
import { join, split } from "./names.ts";
import type { Rootfs } from "./rootfs.ts";

/** What happens to components that are no directory when a path is made usable. */
export interface MissingHandler {
  /** A directory was made where nothing was, or in the place of a file (`replaced`, rule A5). */
  implied(path: string, replaced: boolean): void;
}

/**
 * Resolves parents of entries as a process chrooted to the tree would (rules A3 and A4): absolute links start at the root, `..` stops
 * there. The tree is private while it is built, so an answer holds until something in it is removed.
 */
export class Resolver {
  readonly #tree: Rootfs;
  readonly #limits: Limits;
  readonly #missing: MissingHandler;
  readonly #known = new Map<string, string>();
  /** What was asked last: neighbours in a directory ask for the same. */
  #last: { readonly parts: readonly string[]; readonly real: string } | undefined;
  #removals = 0;

  constructor(tree: Rootfs, limits: Limits, missing: MissingHandler) {
    this.#tree = tree;
    this.#limits = limits;
    this.#missing = missing;
  }

  /** The real directory behind `parts`; directories that are missing are made. */
  make(parts: readonly string[]): string {
    return this.#resolve(parts, true) ?? "";
  }

  /** The real directory behind `parts`, undefined when there is none. Changes nothing. */
  find(parts: readonly string[]): string | undefined {
    return this.#resolve(parts, false);
  }

  #resolve(parts: readonly string[], create: boolean): string | undefined {
    if (parts.length === 0) return "";
    if (this.#removals !== this.#tree.removals) {
      this.#known.clear();
      this.#last = undefined;
      this.#removals = this.#tree.removals;
    }
    if (this.#last?.parts === parts) return this.#last.real;
    const key = parts.join("/");
    const real = this.#known.get(key) ?? this.#walk(parts, create);
    if (real === undefined || this.#removals !== this.#tree.removals) return real;
    this.#known.set(key, real);
    this.#last = { parts, real };
    return real;
  }

  #walk(parts: readonly string[], create: boolean): string | undefined {
    const todo = parts.toReversed();
    let real: string[] = [];
    let hops = 0;
    let steps = 0;
    for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
      steps += 1;
      if (steps > this.#limits.pathBytes) throw endless(`${steps} steps`);
      if (part === "..") {
        real.pop();
        continue;
      }
      const path = join(real.join("/"), part);
      const kind = this.#tree.kind(path);
      if (kind === "symlink") {
        hops += 1;
        if (hops > this.#limits.symlinkHops) throw endless(`${hops} symbolic links`);
        const target = this.#tree.target(path);
        if (target.startsWith("/")) real = [];
        todo.push(...split(target).toReversed());
        continue;
      }
      if (kind !== "directory") {
        if (!create) return undefined;
        this.#tree.directory(path);
        this.#missing.implied(path, kind === "file");
      }
      real.push(part);
      if (real.length >= this.#limits.pathDepth) throw tooDeep(this.#limits.pathDepth);
    }
    return real.join("/");
  }
}

const endless = (passed: string): LayerFault =>
  new LayerFault("LAYER_HOSTILE", "A3", `the path does not end after ${passed} (ELOOP)`);

const tooDeep = (limit: number): LayerFault =>
  new LayerFault("LAYER_LIMIT", "A48", `the path is more than ${limit} levels deep`);
