import type { Arrival } from "./feed.ts";

/** How the applier and whoever brings the blobs meet. Layers are numbered from 0, lowest first. */
export interface LayerGate {
  /** Called at most once, when files are reused: these layers of the reused ones are needed all the same. */
  readonly needs: (layers: readonly number[]) => void;
  /** Resolves when the verified blob of the layer is in its place. */
  readonly ready: (layer: number) => Promise<void>;
  /** Calls back whenever more of a layer has arrived: it is applied meanwhile, and counts only once it is verified. Default: never. */
  readonly arriving?: (listener: (layer: number, arrival: Arrival) => void) => void;
}

/** For images whose blobs are all there. */
export const OPEN_GATE: LayerGate = { needs: () => undefined, ready: () => Promise.resolve() };
