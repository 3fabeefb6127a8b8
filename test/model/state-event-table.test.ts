/** The state × event table of the study of crashes: one test for each cell, named by it, and one for each that means nothing. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { callsOf } from "./state-event-table/calls.ts";
import { WAYS } from "./state-event-table/beats.ts";
import { type Cell, type Column, COLUMNS, type DiskName, DISKS } from "./state-event-table/cell.ts";
import { BROKEN } from "./state-event-table/broken.ts";
import { COMMITTED } from "./state-event-table/committed.ts";
import { MEANINGLESS } from "./state-event-table/meaningless.ts";
import { STABLE } from "./state-event-table/stable.ts";
import { TRIAL } from "./state-event-table/trial.ts";
import { checkMove, checkSnapshot } from "./supervisor-invariants.ts";
import { advance, after, keyOf, possibleSteps, ROLLBACK, type Snapshot } from "./supervisor-model.ts";
import { nameOf, type SupervisorStep, toEvent } from "./supervisor-steps.ts";

const TABLE: readonly Cell[] = [...STABLE, ...TRIAL, ...COMMITTED, ...BROKEN];
const names = Object.keys(DISKS) as DiskName[];
const cellsAt = (disk: DiskName, column: Column): readonly Cell[] =>
  TABLE.filter((cell) => cell.disk === disk && cell.column === column);

/** Where the machine is, in one word; of committed, how its version stands. */
function whereIs({ value }: Snapshot): string {
  if (typeof value === "string") return value;
  if ("committed" in value) return `committed(${(value.committed as { probation: string }).probation})`;
  const [outer, inner] = Object.entries(value)[0] ?? [];
  return `${outer}.${String(inner)}`;
}

const canCome = (snapshot: Snapshot, step: SupervisorStep): boolean =>
  possibleSteps(snapshot).some((other) => toEvent(other).type === toEvent(step).type);

/** Plays the cell's events and checks after each what the machine called, and every promise of the machine. */
function play({ disk, options = ROLLBACK, given = WAYS[disk], beats }: Cell): Snapshot {
  return beats.reduce(
    (before, [step, calls]) => {
      assert.ok(step.step === "event" || canCome(before, step), `${nameOf(step)} can come`);
      const moment = advance(before, step);
      checkMove(moment);
      checkSnapshot(moment.after);
      assert.equal(callsOf(step, moment.effects), calls, nameOf(step));
      return moment.after;
    },
    after(options, ...given),
  );
}

/** An event is sent and moves nothing; what a port answers or a timer fires cannot come at all. */
function ignores(before: Snapshot, step: SupervisorStep): void {
  if (step.step !== "event") return assert.ok(!canCome(before, step), nameOf(step));
  const { took, after: then } = advance(before, step);
  assert.deepEqual(took, [], nameOf(step));
  assert.equal(keyOf(then), keyOf(before), nameOf(step));
}

for (const disk of names) {
  describe(`${disk}, ${DISKS[disk]}`, () => {
    for (const cell of TABLE.filter((other) => other.disk === disk)) {
      it(`× ${cell.column}: ${cell.which} -> ${cell.to}`, (t) => {
        if (cell.differs !== undefined) t.diagnostic(cell.differs);
        const end = play(cell);
        assert.equal(whereIs(end), cell.to);
        assert.equal(end.output?.exitCode, cell.exitCode);
        for (const step of cell.cannotCome ?? []) assert.ok(!canCome(end, step), nameOf(step));
      });
    }
    for (const [column, probes] of Object.entries(MEANINGLESS[disk])) {
      it(`× ${column}: means nothing here and is ignored`, () => {
        const before = after(ROLLBACK, ...WAYS[disk]);
        assert.ok(probes.length > 0);
        for (const step of probes) ignores(before, step);
      });
    }
  });
}

describe("the table", () => {
  it("has every cell of every row: with a meaning or without one", (t) => {
    const meaningful = names.flatMap((disk) => COLUMNS.filter((column) => cellsAt(disk, column).length > 0));
    for (const disk of names) {
      const ignored = Object.keys(MEANINGLESS[disk]);
      const filled = COLUMNS.filter((column) => cellsAt(disk, column).length > 0);
      assert.deepEqual([...filled, ...ignored].sort(), [...COLUMNS].sort(), disk);
    }
    t.diagnostic(
      `${names.length * COLUMNS.length} cells, ${meaningful.length} with a meaning, in ${TABLE.length} cases`,
    );
  });

  it("has a name of its own for every case", () => {
    const keys = TABLE.map(({ disk, column, which }) => `${disk} ${column} ${which}`);
    assert.equal(new Set(keys).size, keys.length);
  });
});
