import type { EventOf, EventType } from "../log/events.ts";
import { describeFailure } from "../log/messages.ts";
import type { Recorded } from "../log/parse.ts";
import { foldLayers } from "./fold-layers.ts";
import { foldVersions } from "./fold-versions.ts";
import { type CheckView, EMPTY_VIEW, type View } from "./view.ts";

type Fold = { readonly [T in EventType]?: (view: View, event: EventOf<T>, time: string, pid: number) => Partial<View> };

const check = (
  time: string,
  result: CheckView["result"],
  facts: { digest?: CheckView["digest"]; code?: string; retryInMs?: number | undefined },
): { lastCheck: CheckView } => ({
  lastCheck: {
    at: time,
    result,
    digest: facts.digest ?? null,
    code: facts.code ?? null,
    nextAt: facts.retryInMs === undefined ? null : later(time, facts.retryInMs),
  },
});

function later(time: string, ms: number): string {
  return new Date(Date.parse(time) + ms).toISOString();
}

const linksOf = ({ stable, staged, trial, previous }: View["links"]): View["links"] => ({
  stable,
  staged,
  trial,
  previous,
});

/** What each event changes in the view. An event that is not here is for the time line alone. */
const FOLD: Fold = {
  "loader.started": (view, { version }, time, pid) => ({
    ...EMPTY_VIEW,
    loader: { version, pid, since: time },
    versions: view.versions,
    lastCheck: view.lastCheck,
  }),
  "loader.exited": (view) => ({ loader: null, child: null, update: EMPTY_VIEW.update, supervisor: view.supervisor }),
  "store.found": (_view, event) => ({
    links: linksOf(event),
    failed: event.failed.map(({ digest, at, reason }) => ({ digest, at, why: describeFailure(reason) })),
  }),
  "store.links": (_view, event) => ({ links: linksOf(event) }),
  "version.blamed": (view, { digest, at, reason }) => ({
    failed: [...view.failed.filter((one) => one.digest !== digest), { digest, at, why: describeFailure(reason) }],
  }),
  "version.forgotten": (view, { digest }) => ({ failed: view.failed.filter((one) => one.digest !== digest) }),
  "supervisor.state": (view, { state, from, cause }, time) => ({
    supervisor: { ...view.supervisor, state, from: from ?? null, cause, at: time },
    ...(state === "committed" && view.child !== null ? { child: { ...view.child, trialUntil: null } } : {}),
  }),
  "supervisor.step": (view, { path, onProbation }) => ({ supervisor: { ...view.supervisor, path, onProbation } }),
  "update.state": (_view, { state, from, cause }, time) => ({
    update: { state, path: [state], from, cause, at: time },
  }),
  "child.spawned": (view, event, time) => ({
    child: {
      pid: event.childPid,
      digest: event.digest,
      since: time,
      reference: event.reference ?? null,
      label: event.label ?? null,
      trialUntil: event.trial && event.timeoutMs !== undefined ? later(time, event.timeoutMs) : null,
      timeoutMs: event.timeoutMs ?? null,
    },
    update: EMPTY_VIEW.update,
    layers: view.layers,
  }),
  "child.exited": () => ({ child: null }),
  "update.current": (_view, event, time) => check(time, "current", event),
  "update.skipped": (_view, event, time) => check(time, "refused", event),
  "update.staged": (_view, event, time) => check(time, "staged", event),
  "update.failed": (_view, { code, retryInMs }, time) => check(time, "failed", { code, retryInMs }),
};

/** The view after one more line of the stream. Pure: a reader that starts anywhere and reads all comes to the same view. */
export function reduce(view: View, { event, time, pid }: Recorded): View {
  const fold = FOLD[event.type] as
    | ((view: View, event: unknown, time: string, pid: number) => Partial<View>)
    | undefined;
  const next = fold === undefined ? view : { ...view, ...fold(view, event, time, pid) };
  const layers = foldLayers(next.layers, event);
  const versions = foldVersions(next.versions, event, time);
  if (layers === view.layers && versions === view.versions && next === view) return view;
  return { ...next, layers, versions };
}
