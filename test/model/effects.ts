import type { Effect } from "./explore.ts";

interface Params {
  readonly id?: string;
  readonly targetId?: string;
  readonly event?: unknown;
  readonly input?: unknown;
  readonly delay?: number;
}

const paramsOf = (effects: readonly Effect[], type: string): Params[] =>
  effects.filter((effect) => effect.type === type).map((effect) => effect.params as Params);

/** How often the actor with this id is started. */
export const starts = (effects: readonly Effect[], id: string): number =>
  paramsOf(effects, "xstate.spawnChild").filter((params) => params.id === id).length;

/** How often the actor with this id is let go. */
export const stops = (effects: readonly Effect[], id: string): number =>
  paramsOf(effects, "xstate.stopChild").filter((params) => params.id === id).length;

/** What the actor with this id is started with; undefined when it is not. */
export const inputOf = (effects: readonly Effect[], id: string): unknown =>
  paramsOf(effects, "xstate.spawnChild").find((params) => params.id === id)?.input;

/** The events sent to the actor with this id. */
export const sentTo = (effects: readonly Effect[], id: string): unknown[] =>
  paramsOf(effects, "xstate.sendTo")
    .filter((params) => params.targetId === id)
    .map((params) => params.event);

/** The timers armed: the delay in milliseconds by the type of the event they raise. */
export const timers = (effects: readonly Effect[]): Record<string, number | undefined> =>
  Object.fromEntries(
    paramsOf(effects, "xstate.raise").map(({ event, delay }) => [(event as { type: string }).type, delay]),
  );
