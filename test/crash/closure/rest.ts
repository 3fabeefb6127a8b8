/** I12: however the adversary has left things, the loader alone comes to rest, and in bounded time. */
import type { Found } from "./explore.ts";

/** An app runs as a version that is kept, or the loader has ended. */
const isRest = ({ moment: { loader } }: Found): boolean =>
  loader?.status === "done" || (loader?.matches("committed") === true && loader.context.shutdown === null);

/**
 * The longest of all ways to rest, in milliseconds of the loader's own deadlines: nothing is measured. The deadlines of a
 * state run beside each other, so the shortest ends it; whichever move that is, the longest way after it counts. Throws
 * when a state has no way on, or one that leads back to it.
 */
export function longestWayToRest(states: Iterable<Found>): number {
  const known = new Map<Found, number>();
  const onTheWay = new Set<Found>();
  const wayFrom = (found: Found): number => {
    const worked = known.get(found);
    if (worked !== undefined) return worked;
    if (isRest(found)) return 0;
    if (onTheWay.has(found)) throw new Error("I12: the loader goes round in circles");
    // A timer that changes nothing fires once: what else is under way goes on.
    const onward = found.onward.filter(({ to }) => to !== found);
    if (onward.length === 0) throw new Error("I12: the loader does not leave this state by itself");
    onTheWay.add(found);
    const leaves = Math.min(...onward.map(({ within }) => within));
    const way = leaves + Math.max(...onward.map(({ to }) => wayFrom(to)));
    onTheWay.delete(found);
    known.set(found, way);
    return way;
  };
  let longest = 0;
  for (const found of states) longest = Math.max(longest, wayFrom(found));
  return longest;
}
