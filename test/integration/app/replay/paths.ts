import type { EventFromLogic } from "xstate";
import type { UpdateOptions, updateMachine } from "../../../../machines/index.ts";
import { type Edge, pathsToStates } from "../../../model/explore.ts";
import * as model from "../../../model/update-model.ts";

type UpdateEdge = Edge<model.Snapshot, EventFromLogic<typeof updateMachine>>;

export interface Path {
  readonly options: UpdateOptions;
  readonly edges: readonly UpdateEdge[];
  /** The steps in words. */
  readonly name: string;
}

/** An event of the model in a few characters, e.g. `check=available`, `download fails`, `STOP`. */
export function nameOf({ event }: UpdateEdge): string {
  const { type, output } = event as { readonly type: string; readonly output?: { readonly kind: string } };
  const [, kind, port] = /^xstate\.(done|error|after)\.(?:actor\.0\.update\.)?(\w+)/.exec(type) ?? [];
  if (kind === undefined) return type;
  if (kind === "error") return `${port} fails`;
  return kind === "after" ? "the pause ends" : `${port}=${output?.kind ?? "done"}`;
}

/**
 * The shortest path to every transition that can be taken in the model, by its state and its event. One that is the
 * beginning of another is replayed with that one.
 */
export function allPaths(): { readonly transitions: number; readonly paths: readonly Path[] } {
  const paths: Path[] = [];
  let transitions = 0;
  for (const options of [model.ONCE, model.LOOP]) {
    const found = model.exploreUpdate(options);
    const toState = pathsToStates(found);
    const moving = found.edges.filter((edge) => edge.took.length > 0);
    transitions += moving.length;
    const covered = new Set<UpdateEdge>();
    const candidates = moving.map((edge) => [...(toState.get(edge.from) ?? []), edge]);
    for (const edges of candidates.toSorted((one, other) => other.length - one.length)) {
      const last = edges.at(-1);
      if (last === undefined || covered.has(last)) continue;
      for (const edge of edges) covered.add(edge);
      paths.push({ options, edges, name: edges.map(nameOf).join(", ") });
    }
  }
  return { transitions, paths };
}
