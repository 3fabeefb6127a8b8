import { DockerloaderError } from "../errors.ts";
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

  /** What a layer seems to lack, or to attack, may have been taken for something else: then it is the volume's fault, and the image's is not. */
  explain(error: unknown): unknown {
    if (!this.#found || !(error instanceof DockerloaderError)) return error;
    if (error.code !== "LAYER_CORRUPT" && error.code !== "LAYER_HOSTILE") return error;
    return new DockerloaderError(
      "STORE_UNSUPPORTED",
      `the volume takes names of the image for one, and so it cannot be unpacked: ${error.message}`,
      { cause: error, hint: "use a volume that tells upper from lower case" },
    );
  }
}
