import { errnoOf } from "./faults.ts";
import type { Warnings } from "./warnings.ts";

/** Restores owners as far as this process may (rule A32): what it may not is left to it, with one warning. */
export class Ownership {
  readonly #restore: boolean;
  readonly #warnings: Pick<Warnings, "add">;
  readonly #uid = process.geteuid?.() ?? 0;
  readonly #gid = process.getegid?.() ?? 0;

  constructor(restore: boolean, warnings: Pick<Warnings, "add">) {
    this.#restore = restore;
    this.#warnings = warnings;
  }

  /** The owner of what no entry describes: this process. */
  get own(): { readonly uid: number; readonly gid: number } {
    return { uid: this.#uid, gid: this.#gid };
  }

  /** The owner that something is to have. */
  due(uid: number, gid: number): { readonly uid: number; readonly gid: number } {
    return this.#restore ? { uid, gid } : this.own;
  }

  /** The bits every directory keeps, so that a process other than root can delete the tree (rule A31). */
  get keptOnDirectories(): number {
    return this.#uid === 0 ? 0 : 0o700;
  }

  /** Calls `chown`; that this user namespace does not know the ids is no failure. */
  give(uid: number, gid: number, entry: string, chown: (uid: number, gid: number) => void): void {
    if (!this.#restore) {
      if (uid !== this.#uid || gid !== this.#gid) this.#warnings.add("owner", entry);
      return;
    }
    try {
      chown(uid, gid);
    } catch (error) {
      if (!["EPERM", "EINVAL"].includes(errnoOf(error))) throw error;
      this.#warnings.add("owner", entry);
    }
  }
}
