import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { inputOf } from "./effects.ts";
import { NO_HISTORY, remember } from "./supervisor-history.ts";
import { checkMove, checkSnapshot } from "./supervisor-invariants.ts";
import { advance, OPTIONS, possibleSteps, ROLLBACK, startOf, type Snapshot } from "./supervisor-model.ts";
import { EXITS, exits, nameOf, SHUTDOWN, type SupervisorStep } from "./supervisor-steps.ts";
import * as update from "./update-model.ts";

/** At each step the number picks one of the things that can happen there. */
const STORY = fc.array(fc.nat(1_000_000), { maxLength: 24, size: "max" });
const OPTION = fc.constantFrom(...OPTIONS);

const isSignal = (step: SupervisorStep): boolean =>
  step.step === "event" && (step.event.type === "SHUTDOWN" || step.event.type === "SIGNAL");

/** What comes next. Signals can come at any time and would end most stories early: seven of eight are left out. */
function choose(snapshot: Snapshot, number: number): SupervisorStep | undefined {
  const possible = possibleSteps(snapshot);
  const candidates = number % 8 === 0 ? possible : possible.filter((step) => !isSignal(step));
  return candidates[Math.floor(number / 8) % candidates.length];
}

/** Fails with the story in words: fast-check shows the numbers and the seed. */
function telling<T>(story: readonly string[], check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw new Error(`${story.join(", ")}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

describe("random stories", () => {
  it("break no promise of the supervisor machine in 10,000 runs", (t) => {
    let moments = 0;
    let ends = 0;
    fc.assert(
      fc.property(OPTION, STORY, (options, numbers) => {
        let snapshot = startOf(options);
        let history = NO_HISTORY;
        const told: string[] = [];
        for (const number of numbers) {
          if (snapshot.status !== "active") break;
          const step = choose(snapshot, number);
          assert.ok(step !== undefined, "something can always happen");
          told.push(nameOf(step));
          const before = snapshot;
          snapshot = telling(told, () => {
            const moment = advance(before, step);
            checkMove(moment);
            checkSnapshot(moment.after);
            history = remember(history, moment);
            return moment.after;
          });
          moments += 1;
        }
        if (snapshot.status === "done") ends += 1;
      }),
      { numRuns: 10_000 },
    );
    t.diagnostic(`${moments} events, ${ends} of 10000 stories ended`);
    assert.ok(ends > 1_000 && ends < 9_900, "some stories end and some go on");
  });

  it("all end in exited after SHUTDOWN, when the child exits and the ports answer", () => {
    fc.assert(
      fc.property(OPTION, STORY, (options, numbers) => {
        let snapshot = startOf(options);
        for (const number of numbers) {
          const step = snapshot.status === "active" ? choose(snapshot, number) : undefined;
          if (step !== undefined) snapshot = advance(snapshot, step).after;
        }
        if (snapshot.status !== "active") return;
        snapshot = advance(snapshot, SHUTDOWN).after;
        for (let left = 8; left > 0 && snapshot.status === "active"; left -= 1) {
          const answer = possibleSteps(snapshot).find(({ step }) => step === "done");
          const next = snapshot.context.alive ? exits(EXITS.killed) : answer;
          assert.ok(next !== undefined, `nothing can happen any more in ${JSON.stringify(snapshot.value)}`);
          snapshot = advance(snapshot, next).after;
        }
        assert.equal(snapshot.value, "exited");
      }),
      { numRuns: 2_000 },
    );
  });

  it("tell the same twice: the machine has no memory beside its snapshot", () => {
    fc.assert(
      fc.property(STORY, (numbers) => {
        const tell = () =>
          numbers.reduce<Snapshot>((snapshot, number) => {
            const step = snapshot.status === "active" ? choose(snapshot, number) : undefined;
            return step === undefined ? snapshot : advance(snapshot, step).after;
          }, startOf(ROLLBACK));
        const [one, other] = [tell(), tell()];
        assert.deepEqual([one.value, one.context], [other.value, other.context]);
      }),
      { numRuns: 200 },
    );
  });

  it("make the update machine stage only what this round checked, downloaded and extracted, in 3,000 runs", () => {
    const order = ["check", "download", "extract", "stageAttempt"] as const;
    fc.assert(
      fc.property(fc.constantFrom(update.ONCE, update.LOOP), STORY, (options, numbers) => {
        let snapshot = update.startOf(options);
        /** The ports of this round that have answered well, and the release the check named. */
        let answered: string[] = [];
        let release: unknown;
        for (const number of numbers) {
          if (snapshot.status !== "active") break;
          const possible = update.possibleSteps(snapshot).filter((step) => step !== update.STOP || number % 8 === 0);
          const step = possible[number % possible.length];
          assert.ok(step !== undefined, "something can always happen");
          const { after, effects } = update.advance(snapshot, step);
          if (step.step === "done") {
            answered = step.port === "check" ? ["check"] : [...answered, step.port];
            if (step.port === "check") release = step.output?.kind === "available" ? step.output.release : null;
          }
          for (const [index, port] of order.entries()) {
            const input = inputOf(effects, `0.update.${port}`);
            if (index === 0 || input === undefined) continue;
            assert.deepEqual(answered, order.slice(0, index), `${port} comes in its order`);
            assert.deepEqual(input, { release }, `${port} gets the release of this round`);
          }
          assert.notEqual(after.status, "error");
          if (after.value === "staged") assert.deepEqual(answered, order);
          snapshot = after;
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
