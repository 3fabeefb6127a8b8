import type { LinkFacts } from "../log/events.ts";
import type { Store } from "./store.ts";

/** What the links and the succession say now. Whoever changes them reports this, so that the event stream tells all. */
export function linkFacts({ links, records }: Pick<Store, "links" | "records">): LinkFacts {
  const stable = links.digest("entrypoint") ?? null;
  const succession = records.succession();
  return {
    stable,
    staged: links.digest("attempt") ?? null,
    trial: links.digest("attempting") ?? null,
    previous: succession !== undefined && succession.digest === stable ? succession.previous : null,
  };
}
