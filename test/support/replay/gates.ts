import { type PromiseActorLogic, toPromise } from "xstate";
import { DockerloaderError } from "../../../src/errors.ts";
import { createActor, fromPromise } from "../../../src/xstate.ts";

type Logic = Parameters<typeof createActor>[0];

/** Holds real adapters back until their moment, as a slow volume or network would. What they do and answer is their own. */
export interface Gates<Port extends string> {
  /** The same adapter behind a gate. */
  readonly hold: <T extends object>(port: Port, adapter: T) => T;
  /** Lets the port begin that has been called, or is called next. */
  readonly open: (port: Port) => void;
  /** Lets the port fail before it begins, for what no volume can make of a plan or a claim: they outlive its faults. */
  readonly fail: (port: Port) => void;
}

export function createGates<Port extends string>(): Gates<Port> {
  const waiting = new Map<Port, PromiseWithResolvers<void>>();
  const gateOf = (port: Port): PromiseWithResolvers<void> => {
    const gate = waiting.get(port) ?? Promise.withResolvers<void>();
    waiting.set(port, gate);
    return gate;
  };
  return {
    open: (port) => gateOf(port).resolve(),
    fail: (port) => gateOf(port).reject(new DockerloaderError("STORE_IO", `${port} was made to fail`)),
    hold: <T extends object>(port: Port, adapter: T): T => {
      const held: PromiseActorLogic<unknown, object> = fromPromise(async ({ input, signal }) => {
        // A call that the machine has given up must not take the gate of the next one.
        signal.addEventListener("abort", () => waiting.delete(port), { once: true });
        await gateOf(port).promise.finally(() => waiting.delete(port));
        signal.throwIfAborted();
        const actor = createActor(adapter as unknown as Logic, { input } as object);
        signal.addEventListener("abort", () => actor.stop(), { once: true });
        actor.subscribe({ error: () => {} });
        return toPromise(actor.start() as never);
      });
      return held as unknown as T;
    },
  };
}
