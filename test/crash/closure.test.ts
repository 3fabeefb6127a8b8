/**
 * The supervisor machine, the store on a file system in memory, and an adversary (apps that commit, stage, exit, hang,
 * of our library and of the original; stops; the power, cut inside any step) explored together until nothing new comes.
 * Time and process ids are left out, so that it closes. The invariants are asked of every move, state and disk.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { A, B, C, type Version } from "./model/versions.ts";
import { type Closure, explore } from "./closure/explore.ts";
import { checkDisk, checkMoment, checkMove } from "./closure/promises.ts";

interface Setting {
  readonly versions: readonly Version[];
  readonly crashes: number;
  readonly leastStates: number;
}

/** `CRASH_FULL=1` adds the crash that makes the three versions take minutes. */
const SETTINGS: readonly Setting[] = [
  { versions: [A, B, C], crashes: process.env["CRASH_FULL"] === "1" ? 1 : 0, leastStates: 5_000 },
  { versions: [A, B], crashes: 2, leastStates: 5_000 },
  { versions: [A, C], crashes: 2, leastStates: 5_000 },
];

/** Fails with the story that led there. */
function telling(check: () => void, story: () => string): void {
  try {
    check();
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}, after: ${story()}`, { cause: error });
  }
}

/** I12: from every state the loader alone comes to rest: an app of its own runs, or it has ended. */
function stuckStates({ moments, edges }: Closure): number {
  const rests = moments.map(
    ({ loader }) =>
      loader?.status === "done" || (loader?.matches("committed") === true && loader.context.shutdown === null),
  );
  const incoming = Map.groupBy(
    edges.filter((edge) => edge.byLoader),
    (edge) => edge.to,
  );
  const reached = new Set([...moments.keys()].filter((index) => rests[index] === true));
  for (const index of reached) for (const { from } of incoming.get(index) ?? []) reached.add(from);
  return moments.length - reached.size;
}

describe("loader, volume and adversary", () => {
  for (const { versions, crashes, leastStates } of SETTINGS) {
    const names = versions.map(({ name }) => name).join(", ");
    test(`keep every promise in every state: versions ${names}, ${crashes} crashes`, async (t) => {
      const found = await explore(versions, crashes, {
        onMoment: (moment, disks, story) => telling(() => checkMoment(moment, disks), story),
        onMove: (move, disks, story) => telling(() => checkMove(move, disks), story),
      });
      for (let id = 0; id < found.disks.count(); id += 1) await checkDisk(id, found.disks);
      assert.equal(stuckStates(found), 0, "states that the loader does not leave by itself");
      const { moments, edges, disks } = found;
      t.diagnostic(`${moments.length} states, ${edges.length} transitions, ${disks.count()} disks`);
      assert.ok(moments.length >= leastStates);
    });
  }
});
