import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { table } from "../../../scripts/bench/layers/table.ts";

const run = async (): Promise<void> => {};
const contest: Parameters<typeof table>[0] = {
  title: "walk a mile",
  bound: "legs",
  contestants: [
    { name: "ours", run },
    { name: "theirs", run },
  ],
  goals: [{ against: "theirs", times: 1.2 }],
};
const fast = { ours: [1000], theirs: [1000] };
const slow = { ours: [2000], theirs: [1000] };

describe("the table of a contest", () => {
  test("compares within a round, and shows the middle of that", () => {
    const column = { ours: [1000, 9000, 3000], theirs: [2000, 9000, 2000] };
    const { lines } = table(contest, { unsynced: column, plain: column, synced: column });
    assert.deepEqual(lines[3]?.trim().split(/\s+/), [
      "theirs",
      "2.00",
      "1.00",
      "2.00",
      "1.00",
      "2.00",
      "1.00",
      "<=",
      "1.2",
    ]);
  });

  test("judges where nobody syncs and where everybody does, and not what syncs beside what does not", () => {
    assert.deepEqual(table(contest, { unsynced: fast, plain: slow, synced: fast }).missed, []);
    assert.deepEqual(table(contest, { unsynced: slow, plain: fast, synced: slow }).missed, [
      "walk a mile: 2.00 of theirs, nobody syncs, the goal is 1.2",
      "walk a mile: 2.00 of theirs, everybody synced, the goal is 1.2",
    ]);
  });

  test("takes a figure that is missing for a goal that is missed", () => {
    assert.equal(table(contest, { unsynced: { ours: [1000] }, plain: fast, synced: fast }).missed.length, 1);
  });
});
