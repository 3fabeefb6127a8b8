import type { AnyStateMachine, AnyStateNode } from "xstate";
import { labelOf } from "../docs/chart.ts";

/** A top-level state with the names of its substates, outermost first. */
export interface ChartState {
  readonly id: string;
  readonly kind: "initial" | "plain" | "final";
  /** Full names, e.g. `committed.probation.watched`. */
  readonly inner: readonly string[];
  /** What leads here from every state. */
  readonly anyway: readonly string[];
}

/** All ways from one top-level state to another, as one arrow. */
export interface ChartEdge {
  readonly from: string;
  readonly to: string;
  readonly labels: readonly string[];
}

export interface Chart {
  readonly id: string;
  readonly states: readonly ChartState[];
  readonly edges: readonly ChartEdge[];
}

function walk(node: AnyStateNode): AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap((child) => walk(child))];
}

/** States that a machine leaves in the same step in which it enters them: nobody can see them lit. */
function isPassedThrough(node: AnyStateNode): boolean {
  return (node.always ?? []).some((transition) => transition.guard === undefined && transition.target !== undefined);
}

/** What a machine looks like from outside: its top-level states, what is inside them, and the arrows between them. */
export function chartOf(machine: AnyStateMachine): Chart {
  const { root } = machine;
  const initial = Object.values(root.initial.target)[0]?.key;
  const anyway = [...root.transitions.values()].flat();
  const states = Object.values(root.states).map((node): ChartState => {
    const inner = walk(node).filter((one) => one !== node && one.type === "atomic" && !isPassedThrough(one));
    return {
      id: node.key,
      kind: node.type === "final" ? "final" : node.key === initial ? "initial" : "plain",
      inner: inner.map((one) => one.path.join(".")),
      anyway: anyway.filter(({ target }) => target?.includes(node)).map((one) => `${one.eventType} from anywhere`),
    };
  });
  return { id: machine.id, states, edges: edgesOf(root) };
}

function edgesOf(root: AnyStateNode): ChartEdge[] {
  const edges = new Map<string, { from: string; to: string; labels: Set<string> }>();
  for (const node of walk(root)) {
    const from = node.path[0];
    for (const transition of [...[...node.transitions.values()].flat(), ...(node.always ?? [])]) {
      for (const target of (transition.target ?? []) as AnyStateNode[]) {
        const to = target.path[0];
        if (from === undefined || to === undefined || from === to) continue;
        const edge = edges.get(`${from} ${to}`) ?? { from, to, labels: new Set<string>() };
        edges.set(`${from} ${to}`, edge);
        edge.labels.add(labelOf(transition.eventType, transition.guard));
      }
    }
  }
  return [...edges.values()].map(({ from, to, labels }) => ({ from, to, labels: [...labels] }));
}
