import type { LoaderEvent } from "../log/events.ts";
import type { LayerView } from "./view.ts";

/** The layers of the download at hand: a new download begins with an empty list. */
export function foldLayers(layers: readonly LayerView[], event: LoaderEvent): readonly LayerView[] {
  switch (event.type) {
    case "bootstrap.started":
    case "update.available":
      return [];
    case "layer.progress":
      return put(layers, { digest: event.digest, bytes: event.bytes, total: event.total, state: "loading" });
    case "layer.downloaded":
      return put(layers, {
        digest: event.digest,
        bytes: event.bytes,
        total: event.bytes,
        state: event.reused ? "reused" : "done",
      });
    default:
      return layers;
  }
}

function put(layers: readonly LayerView[], layer: LayerView): readonly LayerView[] {
  const at = layers.findIndex(({ digest }) => digest === layer.digest);
  return at < 0 ? [...layers, layer] : layers.with(at, layer);
}
