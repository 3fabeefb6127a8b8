import { statSync } from "node:fs";
import { EntryWriter } from "./apply.ts";
import { Donor, type Sharing } from "./donor.ts";
import { toLayerError } from "./faults.ts";
import { complete, type FileRecord } from "./file-record.ts";
import type { LayerGate } from "./gate.ts";
import { HoleFiller } from "./holes.ts";
import type { ImageState } from "./image-state.ts";
import { type RecordedEntry, type RecordedLayer, readInventory } from "./inventory.ts";
import { type LayerInput, streamLayer } from "./layer.ts";
import { AUFS_LINKS } from "./whiteouts.ts";

/** A tree on disk that begins with the same layers. */
export interface ReuseRequest {
  /** The tree; an app may run in it. */
  readonly tree: string;
  /** The file with its inventory. */
  readonly inventory: string;
  /** How many layers both have in common. */
  readonly layers: number;
  /** Paths, relative to the root, below which files are never shared by a hard link. */
  readonly volumes: readonly string[];
  readonly sharing: Sharing;
}

/**
 * Does again what the first layers did to the donor's tree, by the same code that applies layers, only that files come from the
 * donor. What it cannot give (changed by its app, or hidden by one of its own upper layers) is read from the layer, and only such layers are
 * asked for at the gate. Answers how many layers are applied: none when the inventory is of no use. Undefined: the volume takes names for one, so
 * that nothing that goes by names can be trusted, and everything has to be done anew without a donor.
 */
export async function reuseLayers(
  image: ImageState,
  layers: readonly LayerInput[],
  request: ReuseRequest,
  gate: LayerGate,
  pause: () => Promise<void> | void,
): Promise<number | undefined> {
  if (sizeOf(request.inventory) > LARGE_BYTES) image.files.prepare();
  const inventory = readInventory(request.inventory, request.layers);
  const matching = inventory?.layers.every(({ diffId }, index) => diffId === layers[index]?.diffId) ?? false;
  const needAll = (): void => gate.needs(Array.from({ length: request.layers }, (_, index) => index));
  if (inventory === undefined || !matching) {
    needAll();
    return 0;
  }
  const donor = new Donor(request.tree, inventory, image, request.volumes, request.sharing);
  try {
    for (const [index, recorded] of inventory.layers.entries()) {
      const layer = layers[index];
      if (layer !== undefined) await replay(image, donor, layer, { index, recorded }, pause);
    }
    // Only now: to wait at the end of each layer leaves one of both threads without work each time.
    image.files.settle();
  } catch (error) {
    if (!image.folds.found) throw error;
  }
  if (image.folds.found) {
    needAll();
    return undefined;
  }
  gate.needs(image.holes.layers());
  for (const index of image.holes.layers()) {
    const layer = layers[index];
    if (layer !== undefined) await fill(image, layer, index, gate, pause);
  }
  return request.layers;
}

/** Bytes of an inventory of some hundred files. */
const LARGE_BYTES = 64 * 1024;

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/** Entries between two looks at whether to go on. */
const ENTRIES_A_TURN = 512;

async function replay(
  image: ImageState,
  donor: Donor,
  layer: LayerInput,
  { index, recorded }: { index: number; recorded: RecordedLayer },
  pause: () => Promise<void> | void,
): Promise<void> {
  const { budget, files, holes, recorder, records, tree } = image;
  const { entries } = recorded;
  let place = 0;
  const writer = new EntryWriter(image, index === 0, (path) => {
    const entry = entries[place];
    if (entry === undefined) return false;
    const from = { donor, layer: index, place, entry };
    if (donor.hand(entry, path, (record) => give(image, from, path, record))) return true;
    const ino = donor.give(entry, path);
    if (ino !== undefined) complete(records.note(path, entry.mode), ino, entry.sha256);
    else {
      const record = files.begin(path, entry);
      if (entry.size > 0) holes.add(path, record, index, place);
    }
    return true;
  });
  try {
    recorder?.layer(layer.diffId, recorded);
    for (; place < entries.length; place++) {
      const entry = entries[place];
      if (entry === undefined) break;
      budget.reused(entry.size);
      writer.entry(entry);
      writer.end();
      if (place % ENTRIES_A_TURN === 0) await pause();
    }
    tree.remove(AUFS_LINKS);
  } catch (error) {
    throw toLayerError(error, layer.digest, writer.current);
  } finally {
    writer.close();
  }
}

/** Gives the file of an entry after all, or leaves a hole in its place. */
function give(
  { files, holes }: ImageState,
  { donor, layer, place, entry }: { donor: Donor; layer: number; place: number; entry: RecordedEntry },
  path: string,
  record: FileRecord,
): void {
  const ino = donor.give(entry, path);
  if (ino !== undefined) return complete(record, ino, entry.sha256);
  files.begin(path, entry, record);
  files.end();
  if (entry.size > 0) holes.add(path, record, layer, place);
}

async function fill(
  image: ImageState,
  layer: LayerInput,
  index: number,
  gate: LayerGate,
  pause: () => Promise<void> | void,
): Promise<void> {
  const filler = new HoleFiller(image.tree, image.holes.of(index));
  await gate.ready(index);
  try {
    await streamLayer(image, layer, filler, pause);
  } catch (error) {
    throw toLayerError(error, layer.digest, undefined);
  } finally {
    filler.close();
  }
}
