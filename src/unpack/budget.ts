import type { Limits } from "../limits.ts";
import { LayerFault } from "./faults.ts";

const exceeded = (what: string, limit: number): LayerFault =>
  new LayerFault("LAYER_LIMIT", "A48", `${what} than the limit of ${limit} allows`);

/** Counts what an image makes us do and stops it at the limits, while it is streaming (rule A48). */
export class Budget {
  readonly limits: Limits;
  #entries = 0;
  #contentBytes = 0;
  #streamBytes = 0;

  constructor(limits: Limits) {
    this.limits = limits;
  }

  get entries(): number {
    return this.#entries;
  }

  /** Bytes of file content. */
  get contentBytes(): number {
    return this.#contentBytes;
  }

  entry(size: number): void {
    this.#entries += 1;
    if (this.#entries > this.limits.entries) throw exceeded("the image has more entries", this.limits.entries);
    if (size > this.limits.fileBytes) throw exceeded("a file has more bytes", this.limits.fileBytes);
  }

  content(bytes: number): void {
    this.#contentBytes += bytes;
  }

  /** To be called with the size of a file that is reused: it counts as if it had been unpacked. */
  reused(bytes: number): void {
    this.#contentBytes += bytes;
    this.stream(bytes, 0, 0);
  }

  /** To be called with what came out of a layer: now, so far of this layer, and how large it is compressed. */
  stream(bytes: number, ofLayer: number, compressed: number): void {
    const { unpackedBytes, ratio, ratioFromBytes } = this.limits;
    this.#streamBytes += bytes;
    if (this.#streamBytes > unpackedBytes) throw exceeded("the image has more uncompressed bytes", unpackedBytes);
    if (ofLayer > ratioFromBytes && ofLayer > ratio * compressed) {
      throw exceeded("the layer is compressed harder", ratio);
    }
  }
}
