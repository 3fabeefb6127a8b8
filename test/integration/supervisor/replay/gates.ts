import type { SupervisorAdapters } from "../../../../src/supervisor/options.ts";
import type { PromisePort } from "../../../model/supervisor-steps.ts";
import { createGates as createEach, type Gates } from "../../../support/replay/gates.ts";

export interface SupervisorGates extends Pick<Gates<PromisePort>, "open" | "fail"> {
  /** The child and the commit watch are not held: what an app does is the test's to say. */
  readonly wrap: (adapters: SupervisorAdapters) => SupervisorAdapters;
}

export function createGates(): SupervisorGates {
  const { hold, open, fail } = createEach<PromisePort>();
  return {
    open,
    fail,
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
