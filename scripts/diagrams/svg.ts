import { type Box, leaf, type Placed, type Point, SIZE } from "./layout.ts";
import type { Chart, ChartState } from "./model.ts";

const ROUND = 7;
const number = (value: number): string => String(Math.round(value * 10) / 10);
const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** The look of a chart in both colour schemes. The live view has the same rules in its own style. */
export const CHART_STYLE = `
.chart { --ink: #1f2733; --soft: #667085; --line: #98a2b3; --box: #ffffff; --edge: #d0d5dd; --chip: #f2f4f7; --lit: #0f766e; --glow: #ccfbf1; --on: #ffffff; font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
@media (prefers-color-scheme: dark) { .chart { --ink: #e6e9ee; --soft: #98a2b3; --line: #5d6b7e; --box: #1b222c; --edge: #364152; --chip: #252e3a; --lit: #2dd4bf; --glow: #134e4a; --on: #06201d; } }
.chart text { font-size: 11px; fill: var(--soft); }
.chart .name { font-size: 15px; font-weight: 600; fill: var(--ink); }
.chart .box { fill: var(--box); stroke: var(--edge); stroke-width: 1.5; }
.chart .final .box { stroke-dasharray: 4 3; }
.chart .chip { fill: var(--chip); }
.chart .way { fill: none; stroke: var(--line); stroke-width: 1.4; }
.chart .head { fill: var(--line); }
.chart .start { fill: var(--soft); }
.chart .state.on > .box { stroke: var(--lit); stroke-width: 2.5; fill: var(--glow); }
.chart .inner.on .chip { fill: var(--lit); }
.chart .inner.on text { fill: var(--on); font-weight: 600; }
.chart .edge.last .way { stroke: var(--lit); stroke-width: 2.8; }
.chart .edge.last .head { fill: var(--lit); }
.chart .edge.last text { fill: var(--ink); font-weight: 600; }
`.trim();

/** A line through the points with rounded corners. */
function path(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  let at = first;
  const parts = [`M${number(first.x)} ${number(first.y)}`];
  rest.forEach((point, index) => {
    const next = rest[index + 1];
    if (next === undefined) parts.push(`L${number(point.x)} ${number(point.y)}`);
    else {
      const before = towards(point, at);
      const after = towards(point, next);
      parts.push(`L${number(before.x)} ${number(before.y)}`);
      parts.push(`Q${number(point.x)} ${number(point.y)} ${number(after.x)} ${number(after.y)}`);
    }
    at = point;
  });
  return parts.join("");
}

/** The point a corner's radius away, but never past the middle of the segment. */
function towards(from: Point, to: Point): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const share = length === 0 ? 0 : Math.min(ROUND, length / 2) / length;
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}

function arrowHead(points: readonly Point[]): string {
  const [before, tip] = points.slice(-2);
  if (before === undefined || tip === undefined) return "";
  const angle = (Math.atan2(tip.y - before.y, tip.x - before.x) * 180) / Math.PI;
  return `<path class="head" d="M0 0L-9 -4.5L-9 4.5Z" transform="translate(${number(tip.x)} ${number(tip.y)}) rotate(${number(angle)})"/>`;
}

function stateSvg({ id, kind, inner, anyway }: ChartState, box: Box): string {
  const chips = inner.map((name, at) => {
    const y = box.y + SIZE.name + at * SIZE.inner;
    const width = leaf(name).length * SIZE.innerChar + SIZE.pad;
    const x = box.x + (box.width - width) / 2;
    return `<g class="inner" data-state="${escape(name)}"><rect class="chip" x="${number(x)}" y="${number(y)}" width="${number(width)}" height="17" rx="8.5"/><text x="${number(box.x + box.width / 2)}" y="${number(y + 12)}" text-anchor="middle">${escape(leaf(name))}</text></g>`;
  });
  const notes = anyway.map(
    (text, at) =>
      `<text x="${number(box.x + box.width / 2)}" y="${number(box.y + SIZE.name + (inner.length + at) * SIZE.inner + 10)}" text-anchor="middle">${escape(text)}</text>`,
  );
  const start =
    kind === "initial" ? `<circle class="start" cx="${number(box.x + 13)}" cy="${number(box.y + 13)}" r="4"/>` : "";
  return `<g class="state ${kind}" data-state="${escape(id)}"><rect class="box" x="${number(box.x)}" y="${number(box.y)}" width="${number(box.width)}" height="${number(box.height)}" rx="10"/>${start}<text class="name" x="${number(box.x + box.width / 2)}" y="${number(box.y + 24)}" text-anchor="middle">${escape(id)}</text>${chips.join("")}${notes.join("")}</g>`;
}

/** The chart as SVG: states carry \`data-state\`, arrows \`data-from\`, \`data-to\` and \`data-event\`. */
export function svgOf(chart: Chart, placed: Placed, style: boolean): string {
  const edges = placed.edges.map(({ edge, points, label }) => {
    const lines = edge.labels.map((text, at) =>
      label === undefined
        ? ""
        : `<text x="${number(label.x + 4)}" y="${number(label.y + 12 + at * SIZE.line)}">${escape(text)}</text>`,
    );
    return `<g class="edge" data-from="${escape(edge.from)}" data-to="${escape(edge.to)}" data-event="${escape(edge.labels.join(", "))}"><path class="way" d="${path(points)}"/>${arrowHead(points)}${lines.join("")}</g>`;
  });
  const states = placed.states.map(({ state, box }) => stateSvg(state, box));
  return `<svg xmlns="http://www.w3.org/2000/svg" class="chart" data-machine="${escape(chart.id)}" viewBox="0 0 ${placed.width} ${placed.height}" width="${placed.width}" height="${placed.height}" role="img" aria-label="state chart of the ${escape(chart.id)} machine">
${style ? `<style>${CHART_STYLE}</style>\n` : ""}${edges.join("\n")}
${states.join("\n")}
</svg>
`;
}
