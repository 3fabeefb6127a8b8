import type { AnyStateMachine, StateNode } from "xstate";
import { describeCause } from "../../src/supervisor/cause.ts";

/** The name of the guard a transition asks, in brackets as UML writes it. */
function guardOf(guard: unknown): string {
  if (typeof guard === "string") return ` [${guard}]`;
  const type = typeof guard === "object" && guard !== null && "type" in guard ? guard.type : undefined;
  return typeof type === "string" ? ` [${type}]` : "";
}

/** The label of a transition: what causes it and the guard it asks, as people say it. */
export function labelOf(eventType: string, guard: unknown): string {
  return `${describeCause(eventType)}${guardOf(guard)}`.trim() || "else";
}

const idOf = (node: StateNode): string => node.path.join("_");

/** One line for each target; transitions inside one top-level state are left out when `flat`. */
function transitionsOf(node: StateNode, flat: boolean): string[] {
  const name = (state: StateNode): string => (flat ? (state.path[0] ?? "") : idOf(state));
  const own = [...node.transitions.values()].flat();
  const always = node.always ?? [];
  return [...own, ...always].flatMap((transition) =>
    (transition.target ?? []).map(
      (target) => `${name(node)} --> ${name(target)}: ${labelOf(transition.eventType, transition.guard)}`,
    ),
  );
}

function walk(node: StateNode): StateNode[] {
  return [node, ...Object.values(node.states).flatMap((child) => walk(child))];
}

/** The top-level states of a machine and how they follow each other, as a Mermaid state diagram. */
export function mermaid(machine: AnyStateMachine): string {
  const nodes = walk(machine.root).filter((node) => node.path.length > 0);
  const lines = nodes
    .flatMap((node) => transitionsOf(node, true))
    .filter((line) => {
      const [, from, to] = /^(\w+) --> (\w+):/.exec(line) ?? [];
      return from !== to;
    });
  const finals = nodes
    .filter((node) => node.type === "final" && node.path.length === 1)
    .map((node) => `${idOf(node)} --> [*]`);
  const initial = Object.values(machine.root.initial.target)[0];
  const merged = merge(lines);
  return ["stateDiagram-v2", `[*] --> ${initial === undefined ? "" : idOf(initial)}`, ...merged, ...finals].join(
    "\n    ",
  );
}

/** One arrow for each pair of states: its events in one label. */
function merge(lines: readonly string[]): string[] {
  const arrows = new Map<string, Set<string>>();
  for (const line of lines) {
    const [arrow = "", event = ""] = line.split(": ");
    arrows.set(arrow, (arrows.get(arrow) ?? new Set()).add(event));
  }
  return [...arrows].map(([arrow, events]) => `${arrow}: ${[...events].join(", ")}`);
}
