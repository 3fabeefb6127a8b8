import { readdirSync } from "node:fs";
import { DockerloaderError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { toVolumeError } from "./faults.ts";
import { newImageState } from "./image-state.ts";
import type { LayerInput } from "./layer.ts";
import { applyLayer } from "./layer.ts";

export interface UnpackReport {
  /** Entries of all layers, whiteouts included. */
  readonly entries: number;
  /** Bytes of file content written. */
  readonly bytes: number;
  /** What could not be kept or looked odd: one line a kind, for people. */
  readonly warnings: readonly string[];
}

export interface ImageOptions {
  readonly limits: Limits;
  readonly owners: boolean;
  /** Awaited after each piece of a layer: where a busy thread lets others run, and where it may throw to stop. */
  readonly pause?: () => Promise<void> | void;
}

/** Applies all layers, lowest first, to the empty directory `root`, then the looks of directories. Throws a DockerloaderError. */
export async function applyImage(
  root: string,
  layers: readonly LayerInput[],
  options: ImageOptions,
): Promise<UnpackReport> {
  const { limits, owners, pause = () => undefined } = options;
  if (layers.length > limits.layers) {
    throw new DockerloaderError(
      "LAYER_LIMIT",
      `the image has ${layers.length} layers, at most ${limits.layers} are allowed (rule A48)`,
      { details: { layers: layers.length, rule: "A48" } },
    );
  }
  checkRoot(root);
  const image = newImageState(root, limits, owners);
  for (const [index, layer] of layers.entries()) await applyLayer(image, layer, index === 0, pause);
  try {
    image.tree.directories.apply((path) => image.tree.bytesOf(path), image.ownership);
  } catch (error) {
    throw toVolumeError(error, root);
  }
  const { entries, contentBytes } = image.budget;
  return { entries, bytes: contentBytes, warnings: image.warnings.lines() };
}

function checkRoot(root: string): void {
  let names: string[];
  try {
    names = readdirSync(root);
  } catch (error) {
    throw toVolumeError(error, root);
  }
  if (names.length === 0) return;
  throw new DockerloaderError("INTERNAL", `${root} is to take an image and is not empty`);
}
