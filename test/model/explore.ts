import { type AnyStateMachine, type EventObject, transition } from "xstate";
import { getAdjacencyMap } from "xstate/graph";
import { ENTERED, TOOK } from "./instrument.ts";

/** One executable action as `transition()` returns it. */
export interface Effect {
  readonly type: string;
  readonly params?: unknown;
}

/** What one event does, as data. */
export interface Move<S> {
  readonly after: S;
  /** In order; the markers of `instrument` are taken out. */
  readonly effects: readonly Effect[];
  /** Names of the declared transitions taken, in order. */
  readonly took: readonly string[];
  /** Paths of the states entered, in order, those left again at once included. */
  readonly entered: readonly string[];
}

/** One event sent in one reachable state, with all it caused. `from` and `to` are keys of states. */
export interface Edge<S, E> extends Move<S> {
  readonly from: string;
  readonly to: string;
  readonly before: S;
  readonly event: E;
}

export interface Exploration<S, E> {
  readonly initial: string;
  /** Every reachable snapshot, by its key: one representative for all that differ in nothing that decides. */
  readonly states: ReadonlyMap<string, S>;
  readonly edges: readonly Edge<S, E>[];
}

export interface ExploreOptions<S, E> {
  /** An instrumented machine. */
  readonly machine: AnyStateMachine;
  readonly input: unknown;
  /** The events that can happen in this state. */
  readonly events: (snapshot: S) => E[];
  /** Equal for two snapshots that no decision of the machine tells apart. */
  readonly key: (snapshot: S) => string;
}

/** One state of xstate's adjacency map. */
interface Node<S, E> {
  readonly state: S;
  readonly transitions: Readonly<Record<string, { readonly event: E }>>;
}

/** What one event does in one state: nothing is executed. */
export function moveOf<S>(machine: AnyStateMachine, before: S, event: EventObject): Move<S> {
  const [after, actions] = transition(machine, before as never, event);
  const effects = actions as readonly Effect[];
  const marked = (type: string): string[] =>
    effects.filter((effect) => effect.type === type).map((effect) => (effect.params as { name: string }).name);
  return {
    after: after as S,
    effects: effects.filter(({ type }) => type !== TOOK && type !== ENTERED),
    took: marked(TOOK),
    entered: marked(ENTERED),
  };
}

/** Walks everything that is reachable. The graph gives states and events; each edge is run again for its effects. */
export function explore<S extends { readonly status: string }, E extends EventObject>(
  options: ExploreOptions<S, E>,
): Exploration<S, E> {
  const { machine, input, events, key } = options;
  const map = getAdjacencyMap(machine, {
    input,
    events: (snapshot) => events(snapshot as unknown as S),
    serializeState: (snapshot) => key(snapshot as unknown as S),
    serializeEvent: (event) => JSON.stringify(event),
    stopWhen: (snapshot) => snapshot.status !== "active",
    limit: 100_000,
  }) as unknown as Readonly<Record<string, Node<S, E>>>;
  const nodes = Object.entries(map).map(([from, { state, transitions }]) => ({
    from,
    before: state,
    events: Object.values(transitions).map(({ event }) => event),
  }));
  const edges = nodes.flatMap(({ from, before, events: sent }) =>
    sent.map((event) => {
      const move = moveOf(machine, before, event);
      return { from, to: key(move.after), before, event, ...move };
    }),
  );
  return { initial: nodes[0]?.from ?? "", states: new Map(nodes.map(({ from, before }) => [from, before])), edges };
}

/** The shortest list of edges to every reachable state, by key; breadth first. */
export function pathsToStates<S, E>(found: Exploration<S, E>): ReadonlyMap<string, readonly Edge<S, E>[]> {
  const outgoing = Map.groupBy(found.edges, (edge) => edge.from);
  const paths = new Map<string, readonly Edge<S, E>[]>([[found.initial, []]]);
  for (const [key, path] of paths) {
    for (const edge of outgoing.get(key) ?? []) if (!paths.has(edge.to)) paths.set(edge.to, [...path, edge]);
  }
  return paths;
}

/** The keys from which at least one of the goals can be reached over the given edges, the goals included. */
export function keysReaching<S, E>(edges: readonly Edge<S, E>[], goals: Iterable<string>): ReadonlySet<string> {
  const incoming = Map.groupBy(edges, (edge) => edge.to);
  const reached = new Set(goals);
  for (const key of reached) for (const { from } of incoming.get(key) ?? []) reached.add(from);
  return reached;
}
