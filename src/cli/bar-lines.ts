import type { ContentDigest } from "../digest.ts";
import { describeBytes } from "./format.ts";

/** How far a layer is. Bytes. */
export interface LayerProgress {
  readonly digest: ContentDigest;
  readonly bytes: number;
  readonly total: number;
  readonly state: "loading" | "done" | "here already";
}

export interface Room {
  readonly columns: number;
  readonly rows: number;
}

const DIGEST_DIGITS = "sha256:".length + 12;
const LONGEST_BAR = 40;
/** What stands beside a bar: digest, brackets, spaces, and `1023 MiB of 1023 MiB`. */
const BESIDE = DIGEST_DIGITS + 26;

/** A line for each layer and one for all, as they fit: what is still loading comes first, what is left out is counted. */
export function barLines(layers: readonly LayerProgress[], { columns, rows }: Room): string[] {
  const most = Math.max(1, rows - 3);
  const loading = layers.filter(({ state }) => state === "loading");
  const shown = layers.length <= most ? layers : loading.slice(0, most);
  const width = Math.min(LONGEST_BAR, columns - BESIDE);
  return [...shown.map((layer) => layerLine(layer, width)), total(layers, shown.length)].map((line) =>
    line.slice(0, Math.max(1, columns - 1)),
  );
}

function layerLine({ digest, bytes, total, state }: LayerProgress, width: number): string {
  const name = digest.slice(0, DIGEST_DIGITS);
  if (state !== "loading") return `${name} ${state}, ${describeBytes(total)}`;
  const amount = `${describeBytes(bytes)} of ${describeBytes(total)}`;
  if (width < 4) return `${name} ${amount}`;
  const filled = total === 0 ? width : Math.floor((Math.min(bytes, total) * width) / total);
  const bar = filled === width ? "=".repeat(width) : `${"=".repeat(filled)}>`.padEnd(width);
  return `${name} [${bar}] ${amount}`;
}

function total(layers: readonly LayerProgress[], shown: number): string {
  const sum = (pick: (layer: LayerProgress) => number): number => layers.reduce((all, layer) => all + pick(layer), 0);
  const [bytes, all] = [sum((layer) => layer.bytes), sum((layer) => layer.total)];
  const complete = layers.filter(({ state }) => state !== "loading").length;
  const percent = all === 0 ? 100 : Math.floor((bytes * 100) / all);
  const hidden = layers.length - shown;
  const more = hidden > 0 ? ` (${hidden} not shown)` : "";
  return `${describeBytes(bytes)} of ${describeBytes(all)} (${percent} %), ${complete} of ${layers.length} layers complete${more}`;
}
