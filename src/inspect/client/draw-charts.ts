import type { MachineView } from "../view.ts";
import { byId, setText } from "./dom.ts";

/** How long the last transition stays animated, in milliseconds. */
const FRESH_MS = 2_000;

/** Lights the active states of one chart and the way that led there. */
export function drawChart(id: string, machine: MachineView): void {
  const chart = document.querySelector(`[data-machine="${id}"]`);
  if (chart === null) return;
  const active = new Set([machine.state, ...machine.path]);
  for (const state of chart.querySelectorAll("[data-state]")) {
    state.classList.toggle("on", active.has(state.getAttribute("data-state") ?? ""));
  }
  const key = `${machine.from} ${machine.state} ${machine.at}`;
  if (chart.getAttribute("data-last") === key) return;
  chart.setAttribute("data-last", key);
  reveal(chart);
  const edges = [...chart.querySelectorAll(".edge")];
  const last = machine.from === null ? [] : wayBetween(edges, machine.from, machine.state);
  for (const edge of edges) {
    edge.classList.toggle("last", last.includes(edge));
    edge.classList.toggle("fresh", last.includes(edge));
  }
  setTimeout(() => last.forEach((edge) => edge.classList.remove("fresh")), FRESH_MS);
  const step = machine.from === null ? machine.state : `${machine.from} → ${machine.state}`;
  setText(byId(`${id}-step`), machine.cause === null ? step : `${step} (${machine.cause})`);
}

/** Where a chart is wider than its frame, on a phone: the state that is lit is brought into the frame's middle. */
function reveal(chart: Element): void {
  const frame = chart.parentElement;
  const lit = chart.querySelector(".state.on");
  if (frame === null || lit === null) return;
  const [inner, outer] = [lit.getBoundingClientRect(), frame.getBoundingClientRect()];
  frame.scrollLeft += inner.left + inner.width / 2 - (outer.left + outer.width / 2);
}

/** The arrow between two states, or the two arrows through a state that is left at once. */
function wayBetween(edges: readonly Element[], from: string, to: string): Element[] {
  const find = (a: string, b: string | null): Element | undefined =>
    edges.find((edge) => edge.getAttribute("data-from") === a && edge.getAttribute("data-to") === b);
  const direct = find(from, to);
  if (direct !== undefined) return [direct];
  for (const first of edges) {
    if (first.getAttribute("data-from") !== from) continue;
    const second = find(first.getAttribute("data-to") ?? "", to);
    if (second !== undefined) return [first, second];
  }
  return [];
}
