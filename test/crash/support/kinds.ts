/**
 * SIGKILL before every system call that changes the data directory, and an error at each of them, in every scenario;
 * then two clean boots. Every call gets one of the five errors, and all of them with `CRASH_FULL=1` (nightly).
 */
import { defineSweeps, type Kind } from "./support/define-sweep.ts";
import type { Disturbance } from "./support/shim.ts";

/** A bad block, a volume that is full and stays full, one that turned read-only, one that is full once, one over its quota. */
const ERRORS = [
  { kind: "error", errno: "EIO", sticky: false },
  { kind: "error", errno: "ENOSPC", sticky: true },
  { kind: "error", errno: "EROFS", sticky: true },
  { kind: "error", errno: "ENOSPC", sticky: false },
  { kind: "error", errno: "EDQUOT", sticky: true },
] as const satisfies readonly Disturbance[];

const ROUNDS = process.env["CRASH_FULL"] === "1" ? ERRORS.length : 1;

/** Neighbouring calls get different errors, and so does one call in two rounds: five is odd. */
const errors = (round: number): Kind => ({
  title: `an error at every changing call, round ${round + 1} of ${ROUNDS}`,
  least: 600,
  how: (point) => {
    const [fallback] = ERRORS;
    return ERRORS[(point + round * 2) % ERRORS.length] ?? fallback;
  },
});

defineSweeps([
  { title: "killed before every changing call", least: 400, how: () => ({ kind: "kill" }) },
  ...Array.from({ length: ROUNDS }, (_, round) => errors(round)),
]);
