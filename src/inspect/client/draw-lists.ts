import { describeBytes } from "../../cli/format.ts";
import type { Update } from "../wire.ts";
import { byId, digestText, make, makeDigest, setText } from "./dom.ts";

const FATES = {
  staged: "wait",
  "on trial": "wait",
  committed: "good",
  "rolled back": "bad",
  failed: "bad",
  replaced: "",
} as const;

/** One bar a layer; the bars are kept, so that they move instead of jumping. */
export function drawLayers({ view: { layers } }: Update): void {
  byId("layers-panel").hidden = layers.length === 0;
  const list = byId("layers");
  while (list.children.length > layers.length) list.lastElementChild?.remove();
  layers.forEach((layer, at) => {
    const item = list.children[at] ?? list.appendChild(makeLayer());
    const bar = item.querySelector("progress");
    setText(item.querySelector(".mono"), digestText(layer.digest));
    if (bar !== null) {
      bar.value = layer.total === 0 ? 1 : layer.bytes / layer.total;
      bar.setAttribute("aria-label", `layer ${digestText(layer.digest)}`);
    }
    const amount =
      layer.state === "loading"
        ? `${describeBytes(layer.bytes)} of ${describeBytes(layer.total)}`
        : `${describeBytes(layer.total)}, ${layer.state === "done" ? "downloaded" : "already here"}`;
    setText(item.querySelector(".soft"), amount);
  });
  const sum = (key: "bytes" | "total"): number => layers.reduce((all, layer) => all + layer[key], 0);
  setText(byId("layers-sum"), `${describeBytes(sum("bytes"))} of ${describeBytes(sum("total"))}`);
}

function makeLayer(): HTMLElement {
  const item = make("li", "");
  const bar = document.createElement("progress");
  bar.max = 1;
  item.append(make("span", "mono small"), bar, make("span", "soft"));
  return item;
}

/** Every version with what became of it, newest first. */
export function drawVersions({ view: { versions } }: Update): void {
  byId("no-versions").hidden = versions.length > 0;
  const list = byId("versions");
  const key = JSON.stringify(versions);
  if (list.dataset["key"] === key) return;
  list.dataset["key"] = key;
  list.replaceChildren(
    ...versions.map(({ digest, label, fate, why, at }) => {
      const item = make("li", "");
      const time = make("span", "soft small", at.slice(0, 19).replace("T", " "));
      item.append(
        make("span", `badge ${FATES[fate]}`, fate),
        makeDigest(digest),
        make("span", "", label ?? ""),
        make("span", "why soft", why ?? ""),
        time,
      );
      return item;
    }),
  );
}
