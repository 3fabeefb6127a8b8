import { readdirSync } from "node:fs";
import { DockerloaderError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { toVolumeError } from "./faults.ts";
import { type LayerGate, OPEN_GATE } from "./gate.ts";
import type { Helper } from "./files.ts";
import { type ImageState, newImageState } from "./image-state.ts";
import type { LayerInput } from "./layer.ts";
import { applyLayer } from "./layer.ts";
import type { RawPath } from "./names.ts";
import { type ReuseRequest, reuseLayers } from "./reuse.ts";
import { writeLines } from "./write-behind.ts";

export interface UnpackReport {
  /** Entries of all layers, whiteouts included. */
  readonly entries: number;
  /** Bytes of file content, written or reused. */
  readonly bytes: number;
  /** The first layers that were not unpacked but taken from a tree on disk. */
  readonly reusedLayers: number;
  /** Files that are hard links to files of that tree. */
  readonly linkedFiles: number;
  /** What could not be kept or looked odd: one line a kind, for people. */
  readonly warnings: readonly string[];
}

export interface ImageOptions {
  readonly limits: Limits;
  readonly owners: boolean;
  /** Where layers come from that are not there yet. Default: all are there. */
  readonly gate?: LayerGate;
  /** A tree that begins with the same layers, to take files from. */
  readonly reuse?: ReuseRequest;
  /** A file to write the inventory of the tree to, for a later reuse. */
  readonly inventory?: string;
  /** A file to write the seal of the tree to; it is left out when the tree would have to be read for it. */
  readonly seal?: string;
  /** Awaited after each piece of a layer: where a busy thread lets others run, and where it may throw to stop. */
  readonly pause?: () => Promise<void> | void;
  /** Starts a thread that writes files with us. Default: there is none. */
  readonly helper?: Helper | undefined;
}

/** Applies all layers, lowest first, to the empty directory `root`, then the looks of directories. Throws a DockerloaderError. */
export async function applyImage(
  root: string,
  layers: readonly LayerInput[],
  options: ImageOptions,
): Promise<UnpackReport> {
  const { limits, owners, gate = OPEN_GATE, reuse, inventory, seal, pause = () => undefined, helper } = options;
  if (layers.length > limits.layers) {
    throw new DockerloaderError(
      "LAYER_LIMIT",
      `the image has ${layers.length} layers, at most ${limits.layers} are allowed (rule A48)`,
      { details: { layers: layers.length, rule: "A48" } },
    );
  }
  checkRoot(root);
  const wanted = { inventory: inventory !== undefined, seal: seal !== undefined };
  const begin = (): ImageState => newImageState(root, limits, owners, wanted, helper);
  let image = begin();
  try {
    let reused = reuse === undefined ? 0 : await reuseLayers(image, layers, reuse, gate, pause);
    if (reused === undefined) {
      image.files.close();
      image.tree.clear();
      image = begin();
      reused = 0;
    }
    for (const [index, layer] of layers.entries()) {
      if (index < reused) continue;
      try {
        await applyLayer(image, layer, index === 0, pause);
      } catch (error) {
        throw image.folds.explain(error);
      } finally {
        // A layer may be read before it is verified: neither its tree nor a fault counts before.
        await gate.ready(index);
      }
    }
    return complete(root, image, reused, options);
  } finally {
    image.files.close();
  }
}

/** What is due once all layers are applied. */
async function complete(
  root: string,
  image: ImageState,
  reusedLayers: number,
  { inventory, seal }: Pick<ImageOptions, "inventory" | "seal">,
): Promise<UnpackReport> {
  const { recorder, census, ownership, folds } = image;
  const { directories } = image.tree;
  const pathOf = (path: string): RawPath => image.tree.pathOf(path);
  try {
    // Always: what is set of a directory must never be set through a link, whether or not anybody noticed how that came there.
    for (const path of image.tree.recount()) folds.add(path);
    if (folds.found) recorder?.recount((path) => image.tree.factsOf(path));
    directories.apply(pathOf, ownership);
    const recorded = recorder?.lines(directories.paths(), pathOf);
    const sealed = folds.found ? undefined : census?.seal(directories.modes(ownership), pathOf);
    await Promise.all([
      inventory !== undefined && recorded !== undefined && writeLines(inventory, 0o600, recorded),
      seal !== undefined && sealed !== undefined && writeLines(seal, 0o666, sealed),
    ]);
  } catch (error) {
    throw toVolumeError(error, root);
  }
  const { entries, contentBytes } = image.budget;
  const linkedFiles = image.tree.adopted;
  return { entries, bytes: contentBytes, reusedLayers, linkedFiles, warnings: image.warnings.lines() };
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
