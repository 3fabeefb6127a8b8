import type { Warnings } from "./warnings.ts";

/**
 * Some volumes take names for one that are two to an image: they differ in case, or in how an accent is written (Windows, macOS, and what
 * these share with a container). Which rule a volume has cannot be asked; it shows when something is in the way that was never put
 * there by this name. One of both is in the tree then, and what we know of the tree by names is not to be trusted any more.
 */
export class Folds {
  readonly #warnings: Pick<Warnings, "add">;
  #found = false;

  constructor(warnings: Pick<Warnings, "add">) {
    this.#warnings = warnings;
  }

  /** True once a name was found to be another one's. */
  get found(): boolean {
    return this.#found;
  }

  add(path: string): void {
    this.#found = true;
    this.#warnings.add("folded", path);
  }
}
