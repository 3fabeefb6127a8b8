import { toPromise } from "xstate";
import type { SupervisorAdapters } from "../../../../src/supervisor/options.ts";
import { createActor, fromPromise } from "../../../../src/xstate.ts";
import type { PromisePort } from "../../../model/supervisor-steps.ts";

type Logic = Parameters<typeof createActor>[0];

/** Holds the real adapters back until their moment, as a slow volume would. What they do and answer stays their own. */
export interface Gates {
  readonly wrap: (adapters: SupervisorAdapters) => SupervisorAdapters;
  /** Lets the port begin that has been called, or is called next. */
  readonly open: (port: PromisePort) => void;
}

export function createGates(): Gates {
  const waiting = new Map<PromisePort, PromiseWithResolvers<void>>();
  const gateOf = (port: PromisePort): PromiseWithResolvers<void> => {
    const gate = waiting.get(port) ?? Promise.withResolvers<void>();
    waiting.set(port, gate);
    return gate;
  };
  const hold = <T extends SupervisorAdapters[PromisePort]>(port: PromisePort, adapter: T): T =>
    fromPromise(async ({ input, signal }: { input: unknown; signal: AbortSignal }) => {
      // A call that the machine has given up must not take the gate of the next one.
      signal.addEventListener("abort", () => waiting.delete(port), { once: true });
      await gateOf(port).promise;
      waiting.delete(port);
      signal.throwIfAborted();
      const actor = createActor(adapter as Logic, { input } as object);
      signal.addEventListener("abort", () => actor.stop(), { once: true });
      actor.subscribe({ error: () => {} });
      return toPromise(actor.start() as never);
    }) as unknown as T;
  return {
    open: (port) => gateOf(port).resolve(),
    wrap: ({ plan, bootstrap, claim, revert, settle, ...rest }) => ({
      ...rest,
      plan: hold("plan", plan),
      bootstrap: hold("bootstrap", bootstrap),
      claim: hold("claim", claim),
      revert: hold("revert", revert),
      settle: hold("settle", settle),
    }),
  };
}
