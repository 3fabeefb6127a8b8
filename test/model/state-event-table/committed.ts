/** S4 and S5: B is stable and has yet to prove itself. */
import { commits, done, elapsed, failed, NEW } from "../supervisor-steps.ts";
import { exit, KILLED, RUNS_A, RUNS_B, STARTED, TRIES_C } from "./beats.ts";
import { type Beat, type Cell, cell, type DiskName } from "./cell.ts";
import { stoppingCells } from "./running.ts";

const FRESH = { given: [] } as const;
const ENDS = "disarm settledUptime, disarm probation";
const crashesWith = (code: number): Beat => [exit(code), `${ENDS}, revert B (crashed-on-probation exit ${code})`];
const FLIPPED: Beat = [done("revert"), "plan"];

/** S4 and S5 differ on disk only. */
function unprovenCells(disk: DiskName): Cell[] {
  const on = cell(disk);
  return [
    on("app exits", "with 3: back to A", "committed(over)", [crashesWith(3), FLIPPED, RUNS_A]),
    on("app exits", "with 0: the loader ends", "exits 0", [[exit(0), ENDS]], {
      differs: "the study ends the probation then; the machine leaves it to the next start, which may still go back",
    }),
    on("app exits 42", "nothing staged: B again, still on probation", "committed(watched)", [
      [exit(42), `${ENDS}, plan`],
      RUNS_B,
    ]),
    on("app exits 42", "C is staged", "trial", [[exit(42), `${ENDS}, plan`], TRIES_C]),
    on("app killed", "by whomever: back to A", "committed(over)", [
      [KILLED, `${ENDS}, revert B (crashed-on-probation SIGKILL)`],
      FLIPPED,
      RUNS_A,
    ]),
    on("commit", "again: nothing", "committed(watched)", [[commits(NEW), ""]]),
    ...stoppingCells(disk, ENDS),
    on("loader killed", "the next one runs B, on probation", "committed(watched)", [STARTED, RUNS_B], {
      ...FRESH,
      differs: "the study goes back after three unclean starts; the machine blames a version only for its own end",
    }),
    on("storage error", "its proof cannot be written: B runs on", "committed(over)", [
      [elapsed("probation"), "settle B"],
      [failed("settle"), ""],
    ]),
    on("storage error", "the way back cannot be written", "exits 74", [crashesWith(1), [failed("revert"), ""]]),
  ];
}

const [s4, s5] = [cell("S4"), cell("S5")];

export const COMMITTED: readonly Cell[] = [
  s4("boot", "the commit is tidied up, B is on probation", "committed(watched)", [STARTED, RUNS_B], FRESH),
  ...unprovenCells("S4"),
  s4("timeout", "the trial's is off", "committed(watched)", [], { cannotCome: [elapsed("trialTimeout")] }),

  s5("boot", "B runs, still on probation", "committed(watched)", [STARTED, RUNS_B], FRESH),
  ...unprovenCells("S5"),
  s5("timeout", "of the probation: B is proven", "committed(over)", [
    [elapsed("probation"), "settle B"],
    [done("settle"), ""],
  ]),
  s5("timeout", "of the probation, then a crash: as any stable version", "exits 3", [
    [elapsed("probation"), "settle B"],
    [done("settle"), ""],
    [exit(3), "disarm settledUptime"],
  ]),
];
