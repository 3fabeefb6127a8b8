import elk, { type ElkNode } from "elkjs/lib/elk.bundled.js";
import type { Chart, ChartEdge, ChartState } from "./model.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

export interface Placed {
  readonly width: number;
  readonly height: number;
  readonly states: readonly { readonly state: ChartState; readonly box: Box }[];
  readonly edges: readonly {
    readonly edge: ChartEdge;
    readonly points: readonly Point[];
    readonly label: Box | undefined;
  }[];
}

/** Sizes in user units; the text is monospaced, so its width is known without a browser. */
export const SIZE = {
  nameChar: 9.1,
  labelChar: 6.7,
  innerChar: 6.7,
  line: 15,
  name: 34,
  inner: 21,
  pad: 14,
} as const;

function sizeOf({ id, inner, anyway }: ChartState): { width: number; height: number } {
  const widest = Math.max(...inner.map((name) => leaf(name).length), ...anyway.map((name) => name.length), 0);
  const rows = inner.length + anyway.length;
  const width = Math.max(id.length * SIZE.nameChar + 3 * SIZE.pad, widest * SIZE.innerChar + 4 * SIZE.pad, 110);
  return { width: Math.ceil(width), height: SIZE.name + (rows === 0 ? 6 : rows * SIZE.inner + 10) };
}

/** The last part of a full state name. */
export const leaf = (name: string): string => name.split(".").at(-1) ?? name;

const OPTIONS = {
  "elk.algorithm": "layered",
  "elk.direction": "DOWN",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.layered.cycleBreaking.strategy": "MODEL_ORDER",
  "elk.layered.considerModelOrder.strategy": "PREFER_NODES",
  "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
  "elk.spacing.nodeNode": "34",
  "elk.spacing.edgeNode": "22",
  "elk.spacing.edgeEdge": "16",
  "elk.spacing.edgeLabel": "5",
  "elk.layered.spacing.nodeNodeBetweenLayers": "34",
  "elk.layered.spacing.edgeNodeBetweenLayers": "18",
  "elk.padding": "[top=10,left=10,bottom=10,right=10]",
};

/** Places the states and routes the arrows. The same chart gives the same picture, byte for byte. */
export async function place(chart: Chart): Promise<Placed> {
  const graph: ElkNode = {
    id: chart.id,
    layoutOptions: OPTIONS,
    children: chart.states.map((state) => ({ id: state.id, ...sizeOf(state) })),
    edges: chart.edges.map(({ from, to, labels }, at) => ({
      id: `${from} ${to} ${at}`,
      sources: [from],
      targets: [to],
      labels: [
        {
          text: labels.join("\n"),
          width: Math.max(...labels.map((label) => label.length)) * SIZE.labelChar + 8,
          height: labels.length * SIZE.line + 2,
        },
      ],
    })),
  };
  const laid = await new elk.default().layout(graph);
  return {
    width: Math.ceil(laid.width ?? 0),
    height: Math.ceil(laid.height ?? 0),
    states: chart.states.map((state, at) => ({ state, box: boxOf(laid.children?.[at]) })),
    edges: chart.edges.map((edge, at) => {
      const routed = laid.edges?.[at];
      const section = routed?.sections?.[0];
      const points = section === undefined ? [] : [section.startPoint, ...(section.bendPoints ?? []), section.endPoint];
      const label = routed?.labels?.[0];
      return { edge, points, label: label === undefined ? undefined : boxOf(label) };
    }),
  };
}

function boxOf(shape: { x?: number; y?: number; width?: number; height?: number } | undefined): Box {
  return { x: shape?.x ?? 0, y: shape?.y ?? 0, width: shape?.width ?? 0, height: shape?.height ?? 0 };
}
