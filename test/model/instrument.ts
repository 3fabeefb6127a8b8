import { type AnyStateMachine, StateMachine } from "xstate";

/** One transition as the machine's source declares it. */
export interface Declared {
  /** Unique within the machine, e.g. `trial on CHILD.EXITED [1]`. */
  readonly name: string;
  /** Path of the state that declares it; the root is an empty string. */
  readonly source: string;
}

export interface Instrumented<M extends AnyStateMachine> {
  /** Behaves like the original; every transition taken and every state entered shows up as an action. */
  readonly machine: M;
  readonly transitions: readonly Declared[];
  /** Paths of all atomic and final states, e.g. `committed.probation.watched`. */
  readonly leaves: readonly string[];
}

/** What a marker action carries; it is found among the actions that `transition()` returns. */
export const TOOK = "model.took";
export const ENTERED = "model.entered";

interface RawTransition {
  readonly actions?: unknown;
}
type RawTransitions = string | RawTransition | readonly (string | RawTransition)[];
interface RawInvoke {
  readonly src: string;
  readonly onDone?: RawTransitions;
  readonly onError?: RawTransitions;
}
interface RawState {
  readonly type?: string;
  readonly entry?: unknown;
  readonly always?: RawTransitions;
  readonly invoke?: RawInvoke;
  readonly on?: Readonly<Record<string, RawTransitions>>;
  readonly after?: Readonly<Record<string, RawTransitions>>;
  readonly states?: Readonly<Record<string, RawState>>;
}

const listOf = (value: unknown): unknown[] =>
  value === undefined ? [] : Array.isArray(value) ? [...(value as unknown[])] : [value];

/**
 * A copy of a machine that tells which of its declared transitions it takes.
 * Pure `transition()` shows effects only, and most states of a macrostep are left again before it returns; so each
 * transition and each entry gets one marker action, and the list of what is declared falls out of the same walk.
 */
export function instrument<M extends AnyStateMachine>(original: M): Instrumented<M> {
  const transitions: Declared[] = [];
  const leaves: string[] = [];

  const mark = (source: string, trigger: string, raw: RawTransitions): RawTransition[] =>
    listOf(raw).map((entry, index) => {
      const name = `${source === "" ? original.id : source} ${trigger} [${index}]`;
      transitions.push({ name, source });
      const transition: RawTransition & { target?: unknown } =
        typeof entry === "string" ? { target: entry } : (entry as RawTransition);
      return { ...transition, actions: [...listOf(transition.actions), { type: TOOK, params: { name } }] };
    });
  const markAll = (source: string, word: string, raw: Readonly<Record<string, RawTransitions>>) =>
    Object.fromEntries(Object.entries(raw).map(([key, value]) => [key, mark(source, `${word} ${key}`, value)]));

  const walk = (path: string, state: RawState): RawState => {
    if (state.states === undefined) leaves.push(path);
    const { always, invoke, on, after, states } = state;
    return {
      ...state,
      entry: [...listOf(state.entry), { type: ENTERED, params: { name: path } }],
      ...(always === undefined ? {} : { always: mark(path, "always", always) }),
      ...(on === undefined ? {} : { on: markAll(path, "on", on) }),
      ...(after === undefined ? {} : { after: markAll(path, "after", after) }),
      ...(invoke === undefined
        ? {}
        : {
            invoke: {
              ...invoke,
              ...(invoke.onDone === undefined ? {} : { onDone: mark(path, `done ${invoke.src}`, invoke.onDone) }),
              ...(invoke.onError === undefined ? {} : { onError: mark(path, `failed ${invoke.src}`, invoke.onError) }),
            },
          }),
      ...(states === undefined
        ? {}
        : {
            states: Object.fromEntries(
              Object.entries(states).map(([key, child]) => [key, walk(path === "" ? key : `${path}.${key}`, child)]),
            ),
          }),
    };
  };

  const config = walk("", original.config as RawState) as typeof original.config;
  const machine = new StateMachine(config, original.implementations) as unknown as M;
  return { machine, transitions, leaves };
}
