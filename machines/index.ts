/** Both machines, pure, and the types of their ports. Run them with your own adapters or look at them in Stately. */
import type { SnapshotFrom } from "xstate";
import type { supervisorMachine as machine } from "./supervisor.ts";

export { supervisorMachine } from "./supervisor.ts";
export { updateMachine } from "./update.ts";
export type * from "./ports.ts";
export type { Outcome } from "./decisions.ts";
export type { SupervisorContext, SupervisorEvent, SupervisorOptions } from "./supervisor-context.ts";
export type { UpdateContext, UpdateEvent, UpdateOptions, UpdateOutcome } from "./update-context.ts";
export type SupervisorSnapshot = SnapshotFrom<typeof machine>;
