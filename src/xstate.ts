/** The only file of `src/` that imports xstate: a new major version is met here and in `machines/`. */
import type { ActorOptions, AnyActorLogic } from "xstate";

export { createActor, fromCallback, fromPromise } from "xstate";
/** What a machine asks for time. */
export type Clock = NonNullable<ActorOptions<AnyActorLogic>["clock"]>;
export type { InspectionEvent } from "xstate";
