import type { Logger } from "../log/logger.ts";
import { describeCause } from "../supervisor/cause.ts";
import type { InspectionEvent } from "../xstate.ts";

/** Reports every move of the update machine from its own inspection, so that log and machine cannot disagree. */
export function reportMoves(log: Logger): (seen: InspectionEvent) => void {
  let from = "starting";
  return (seen) => {
    if (seen.type !== "@xstate.snapshot" || !("machine" in seen.snapshot) || !("value" in seen.snapshot)) return;
    const state = String(seen.snapshot.value);
    if (state === from) return;
    log.emit({ type: "update.state", from, state, cause: describeCause(seen.event.type) });
    from = state;
  };
}
